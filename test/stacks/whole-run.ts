/**
 * Whether tests that try one thing in very many ways try all of them, which takes about twice as long: `SCRYPATH_WHOLE=1`.
 * Else they leave out ways that differ from others in nothing that is known to matter.
 */
export const IS_WHOLE_RUN = Boolean(process.env.SCRYPATH_WHOLE);

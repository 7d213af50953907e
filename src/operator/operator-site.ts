import type { SearchMetadata } from '../metadata/search-metadata.js';
import type { VerifySite } from '../verify/verify-site.js';
import type { StatusSite } from './status.js';

/** What looking at one entity works with. */
export interface OperatorSite extends StatusSite {
  readonly metadata: SearchMetadata;
  verifySite(): VerifySite;
}

import { AsyncResource } from 'node:async_hooks';

// Made when the module is loaded, outside of any request.
const outside = new AsyncResource('scrypath');

/**
 * Runs something outside of the caller's asynchronous context. What works in the background for as long as the process
 * lives is no part of the request, the trace or the transaction in which it happened to be started.
 */
export const detached = <T>(run: () => T): T => outside.runInAsyncScope(run);

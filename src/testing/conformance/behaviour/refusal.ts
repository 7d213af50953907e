import assert from 'node:assert/strict';
import { type ErrorCode, ScrypathError } from '../../../errors/scrypath-error.js';

/** For `assert.rejects`: the failure must be a ScrypathError of this code. */
export function isRefused(code: ErrorCode): (failure: unknown) => true {
  return (failure) => {
    assert.ok(ScrypathError.is(failure), String(failure));
    assert.equal(failure.code, code);
    return true;
  };
}

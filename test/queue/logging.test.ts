import { ScrypathError } from '../../src/errors/scrypath-error.js';
import { failureReason } from '../../src/queue/failure-reason.js';
import { OutageLog } from '../../src/queue/outage-log.js';

describe('the reason of a failure', () => {
  it('is the class of the error and its code, and none of its message', () => {
    const error = Object.assign(new TypeError('password=secret'), { code: 'ECONNREFUSED' });
    expect(failureReason(error)).toBe('TypeError ECONNREFUSED');
    expect(failureReason(new Error('Key (id)=(7) is there'))).toBe('Error');
    expect(failureReason('secret')).toBe('an error that is no Error');
  });

  it('is code and message where the error is ours', () => {
    expect(failureReason(new ScrypathError({ code: 'BACKEND_BUSY', happened: 'Busy.' }))).toBe('BACKEND_BUSY: Busy.');
  });
});

it('an outage is told of when it begins and when it ends', () => {
  const lines: unknown[] = [];
  const warn = (message: string, facts?: object) => lines.push([message, facts]);
  const outages = new OutageLog({ warn, error: () => undefined }, 'movies');
  outages.worked();
  for (let attempt = 0; attempt < 3; attempt += 1) outages.failed(new Error('secret'));
  outages.worked();
  outages.worked();
  expect(lines).toEqual([
    ['The queue "movies" fails; trying on.', { reason: 'Error' }],
    ['The queue "movies" works again.', undefined],
  ]);
});

it('a logger that fails does no harm', () => {
  const warn = () => {
    throw new Error('disk full');
  };
  expect(() => new OutageLog({ warn, error: warn }, 'movies').failed(new Error('x'))).not.toThrow();
});

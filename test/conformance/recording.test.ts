import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DATASETS } from '../../src/testing/conformance/datasets.js';
import { fingerprintOf, recordingText, titleOf } from '../../src/testing/conformance/recording.js';
import { RECORDINGS } from '../../src/testing/conformance/recordings.js';
import { recordConformance } from './record-conformance.js';

describe('the recorded answers', () => {
  it.each(DATASETS.map((dataset) => [dataset.name, dataset] as const))(
    'of %s are those of Meilisearch 1.50 to exactly these documents, settings and queries',
    (name, dataset) => {
      const recording = RECORDINGS[name];
      expect(recording?.recordedFrom).toMatch(/^1\.50\.\d+$/);
      expect(recording?.of).toBe(fingerprintOf(dataset));
      expect(Object.keys(recording?.answers ?? {})).toEqual(dataset.cases.map(titleOf));
    },
  );

  it('are of no dataset that is gone', () => {
    expect(Object.keys(RECORDINGS).sort()).toEqual(DATASETS.map(({ name }) => name).sort());
  });

  it('are at least 300', () => {
    const cases = DATASETS.flatMap((dataset) => dataset.cases);
    expect(cases.length).toBeGreaterThanOrEqual(300);
  });

  it('leave the order of hits open in few cases, each with its reason', () => {
    const open = DATASETS.flatMap((dataset) => dataset.cases).filter((searchCase) => searchCase.anyOrder !== undefined);
    expect(open.length).toBeLessThanOrEqual(5);
    expect(open.map((searchCase) => searchCase.anyOrder?.because.length ?? 0).filter((length) => length < 20)).toEqual(
      [],
    );
  });

  it('are read back from their text as they were', () => {
    for (const recording of Object.values(RECORDINGS)) expect(JSON.parse(recordingText(recording))).toEqual(recording);
  });

  it('are taken from no other server than 1.50', async () => {
    const server = createServer((_request, response) => response.end(JSON.stringify({ pkgVersion: '1.49.0' })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      await expect(recordConformance(DATASETS, { url, apiKey: 'none' })).rejects.toThrow('1.49.0');
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

import { randomBytes } from 'node:crypto';
import type { Backend } from '../../backend/backend.js';
import type { TaskOutcome, TaskRef } from '../../backend/task.js';
import type { JsonObject } from '../../document/json.js';
import type { DocumentKey, SearchDocument } from '../../document/search-document.js';
import type { IndexSettings } from '../../metadata/index-settings.js';
import { assertEqualJson } from './json-equality.js';

/** A backend under test, and what has to be done to end it: `dispose` closes it and whatever it ran on. */
export interface BackendUnderTest {
  readonly backend: Backend;
  dispose(): Promise<void>;
}

/** Milliseconds that an engine has for its tasks before a case fails. */
const PATIENCE_MS = 60_000;

/** One backend for a whole run, index names that no other run uses, and short ways to say what cases say often. */
export class Bench {
  private readonly run = `conformance_${randomBytes(4).toString('hex')}`;
  private readonly names = new Set<string>();
  private readonly others: BackendUnderTest[] = [];

  private constructor(
    private readonly make: () => Promise<BackendUnderTest>,
    private readonly own: BackendUnderTest,
  ) {}

  static async open(make: () => Promise<BackendUnderTest>): Promise<Bench> {
    return new Bench(make, await make());
  }

  get backend(): Backend {
    return this.own.backend;
  }

  /** A name for an index, the same for the same title; the index is dropped after the run. */
  name(title: string): string {
    const name = `${this.run}_${title}`;
    this.names.add(name);
    return name;
  }

  /** A second backend of the same kind, for a case that breaks it. */
  async another(): Promise<Backend> {
    const other = await this.make();
    this.others.push(other);
    return other.backend;
  }

  /** An index that exists, with settings and documents in it. */
  async index(title: string, holding: readonly SearchDocument[] = [], settings: IndexSettings = {}): Promise<string> {
    const { indexes } = this.backend;
    const name = this.name(title);
    const tasks = [await indexes.create(name)];
    if (Object.keys(settings).length > 0) tasks.push(await indexes.apply(name, settings));
    if (holding.length > 0) tasks.push(...(await this.backend.upsert(name, holding)));
    await this.succeeded(...tasks);
    return name;
  }

  outcomes(...tasks: readonly TaskRef[]): Promise<readonly TaskOutcome[]> {
    return this.backend.outcomes(tasks, { waitMs: PATIENCE_MS });
  }

  /** Waits for tasks, and fails unless every one succeeded. */
  async succeeded(...tasks: readonly TaskRef[]): Promise<void> {
    for (const { status, error } of await this.outcomes(...tasks)) {
      assertEqualJson({ status, error }, { status: 'succeeded', error: null });
    }
  }

  async upsert(index: string, ...documents: readonly SearchDocument[]): Promise<void> {
    await this.succeeded(...(await this.backend.upsert(index, documents)));
  }

  async remove(index: string, ...keys: readonly DocumentKey[]): Promise<void> {
    await this.succeeded(...(await this.backend.remove(index, keys)));
  }

  /** What an index holds, by key. */
  async held(index: string): Promise<Record<DocumentKey, JsonObject>> {
    const held: Record<DocumentKey, JsonObject> = {};
    for await (const page of this.backend.documents.scan(index)) {
      for (const { key, data } of page) held[key] = data;
    }
    return held;
  }

  async close(): Promise<void> {
    try {
      const dropped = await Promise.all([...this.names].map((name) => this.backend.indexes.drop(name)));
      await this.outcomes(...dropped);
    } finally {
      for (const { dispose } of [...this.others, this.own]) await dispose();
    }
  }
}

export const document = (key: DocumentKey, data: JsonObject): SearchDocument => ({ key, data, source: 'fields' });

import type { TestFramework } from '../../src/testing/conformance/test-framework.js';

interface Suite {
  readonly title: string;
  readonly before: (() => Promise<void>)[];
  readonly after: (() => Promise<void>)[];
  readonly children: (Suite | Test)[];
}

interface Test {
  readonly title: string;
  readonly body: () => Promise<void>;
}

/** Keeps the tests in place of running them, so that a test can look at how a suite of tests ends. */
export class CollectingFramework implements TestFramework {
  private readonly root: Suite = { title: '', before: [], after: [], children: [] };
  private current = this.root;

  readonly describe = (title: string, body: () => void): void => {
    const parent = this.current;
    const suite: Suite = { title, before: [], after: [], children: [] };
    parent.children.push(suite);
    this.current = suite;
    body();
    this.current = parent;
  };
  readonly it = (title: string, body: () => Promise<void>): void => {
    this.current.children.push({ title, body });
  };
  readonly beforeAll = (body: () => Promise<void>): void => {
    this.current.before.push(body);
  };
  readonly afterAll = (body: () => Promise<void>): void => {
    this.current.after.push(body);
  };

  /** Runs what was collected, as far as `wanted` says, and gives the failure of each test, or null, by its title. */
  async run(wanted: (title: string) => boolean): Promise<Map<string, unknown>> {
    const failures = new Map<string, unknown>();
    const runSuite = async ({ before, after, children }: Suite, path: string): Promise<void> => {
      for (const hook of before) await hook();
      for (const child of children) {
        const title = path === '' ? child.title : `${path} › ${child.title}`;
        if ('children' in child) await runSuite(child, title);
        else if (wanted(title)) {
          const failure = await child.body().then(
            () => null,
            (reason: unknown) => reason,
          );
          failures.set(title, failure);
        }
      }
      for (const hook of after) await hook();
    };
    await runSuite(this.root, '');
    return failures;
  }
}

import { SimulatedCrash } from 'scrypath/testing';

/** Every statement and every request of one process waits here until it is let go; at none of them need it go on. */
export class Gate {
  readonly #waiting: { readonly before: string; readonly go: () => void }[] = [];
  #open = false;
  #dead = false;
  /** Steps that were let go. */
  passed = 0;
  /** The step at which the process dies by itself, counted from 1. */
  diesAt = Number.POSITIVE_INFINITY;

  /** @param before what the step is: a statement, or a word for what it does at the engine */
  async pass(before: string): Promise<void> {
    this.#mustLive();
    if (!this.#open) await new Promise<void>((go) => this.#waiting.push({ before, go }));
    this.#mustLive();
    this.passed += 1;
    if (this.passed >= this.diesAt) this.kill();
    this.#mustLive();
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Whether something waits before such a step. */
  isBefore(step: string): boolean {
    return this.#waiting.some(({ before }) => before.includes(step));
  }

  /** Lets one of the steps that wait go. */
  letGo(which = 0): void {
    this.#waiting.splice(which % Math.max(1, this.#waiting.length), 1)[0]?.go();
  }

  open(): void {
    this.#open = true;
    for (const { go } of this.#waiting.splice(0)) go();
  }

  close(): void {
    this.#open = false;
  }

  /** Nothing of the process gets past here any more. */
  kill(): void {
    this.#dead = true;
    for (const { go } of this.#waiting.splice(0)) go();
  }

  get isDead(): boolean {
    return this.#dead;
  }

  #mustLive(): void {
    if (this.#dead) throw new SimulatedCrash('The process has been killed.');
  }
}

/** Checks what the tour claims, says so line by line, and remembers what does not hold. */
export class Checks {
  private count = 0;
  private readonly failed: string[] = [];

  /** @param seen what was there, for the reader of a failure */
  that(claim: string, holds: boolean, seen: unknown): void {
    this.count += 1;
    if (!holds) this.failed.push(claim);
    console.log(holds ? `   ok       ${claim}` : `   NOT SO   ${claim}; seen: ${JSON.stringify(seen)}`);
  }

  /** Says how it went, and which checks failed; gives the exit code of the process. */
  conclude(): 0 | 1 {
    if (this.failed.length === 0) console.log(`\nAll ${this.count} checks hold.`);
    else console.error(`\n${this.failed.length} of ${this.count} checks failed: ${this.failed.join('; ')}.`);
    return this.failed.length === 0 ? 0 : 1;
  }
}

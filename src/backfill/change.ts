/** Something that others wait for to happen, again and again. */
export class Change {
  #waiting: (() => void)[] = [];

  /** Resolves the next time. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  tell(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

import type { SingleBar } from 'cli-progress';
import { counted, span } from './parts.js';
import type { Surroundings } from './surroundings.js';

/** How far a step has got. */
export interface StepProgress {
  readonly step: string;
  readonly rows: number;
  /** Null where it is not known. */
  readonly total: number | null;
  /** Rows in a second, where the verb says so; else it is reckoned from the beginning of the step. */
  readonly rate?: number;
  readonly etaMs?: number;
  /** What else there is to say. */
  readonly beside?: string;
}

/** Tells on stderr how far a verb has got. */
export interface Progress {
  at(progress: StepProgress): void;
  /** A step without numbers has begun. */
  begins(step: string): void;
  end(): void;
}

const NOTHING: Progress = { at: () => undefined, begins: () => undefined, end: () => undefined };

export async function progressOn(
  { stderr, progressEveryMs }: Pick<Surroundings, 'stderr' | 'progressEveryMs'>,
  { quiet }: { readonly quiet: boolean },
): Promise<Progress> {
  if (quiet) return NOTHING;
  if (!stderr.isTTY) return new ProgressLines((text) => stderr.write(`${text}\n`), progressEveryMs);
  const { default: bars } = await import('cli-progress');
  return new ProgressBar(stderr, (format) => new bars.SingleBar({ ...BAR, format, stream: stderr as never }));
}

const BAR = {
  hideCursor: false,
  clearOnComplete: false,
  barsize: 24,
  fps: 8,
  etaBuffer: 1,
  forceRedraw: true,
} as const;

/** One bar for each step. */
export class ProgressBar implements Progress {
  #step: string | null = null;
  #began = { at: 0, rows: 0 };
  #bar: SingleBar | null = null;

  constructor(
    private readonly stderr: Surroundings['stderr'],
    private readonly barOf: (format: string) => SingleBar,
  ) {}

  at(progress: StepProgress): void {
    const { step, rows, total } = progress;
    if (step !== this.#step || this.#bar === null) {
      this.end();
      this.#step = step;
      this.#began = { at: performance.now(), rows };
      const measure = total === null ? '{rows} rows' : '{bar} {percentage}%  {rows} of {whole} rows';
      this.#bar = this.barOf(`${step}  ${measure}  {rate}/s{left}{beside}`);
      this.#bar.start(Math.max(total ?? 0, 1), 0, shownOf(progress, this.#began));
    }
    this.#bar.update(Math.min(rows, total ?? 0), shownOf(progress, this.#began));
  }

  begins(step: string): void {
    if (step === this.#step) return;
    this.end();
    this.#step = step;
    this.stderr.write(`${step}\n`);
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = null;
    this.#step = null;
  }
}

/** A line now and then, for a log. */
export class ProgressLines implements Progress {
  #step: string | null = null;
  #began = { at: 0, rows: 0 };
  #saidAt = performance.now();

  constructor(
    private readonly write: (text: string) => void,
    private readonly everyMs: number,
  ) {}

  at(progress: StepProgress): void {
    const now = performance.now();
    if (progress.step !== this.#step) {
      this.#step = progress.step;
      this.#began = { at: now, rows: progress.rows };
    }
    if (now - this.#saidAt < this.everyMs) return;
    this.#saidAt = now;
    const { rows, whole, rate, left, beside } = shownOf(progress, this.#began);
    this.write(`${progress.step}: ${rows}${whole === '' ? '' : ` of ${whole}`} rows, ${rate}/s${left}${beside}`);
  }

  begins(step: string): void {
    if (step === this.#step) return;
    this.#step = step;
    this.#saidAt = performance.now();
    this.write(step);
  }

  end(): void {
    this.#step = null;
  }
}

/** @param began when the step was first told of, and how far it was then */
function shownOf(
  { rows, total, rate: told, etaMs, beside }: StepProgress,
  began: { readonly at: number; readonly rows: number },
) {
  const seconds = (performance.now() - began.at) / 1_000;
  const rate = told ?? (rows > began.rows ? (rows - began.rows) / seconds : 0);
  const leftMs = etaMs ?? (total === null || rate === 0 ? null : (Math.max(0, total - rows) / rate) * 1_000);
  return {
    rows: counted(rows),
    whole: total === null ? '' : counted(total),
    rate: counted(Math.round(rate)),
    // What ends within the second has ended when it is read.
    left: leftMs === null || leftMs < 500 ? '' : `, ETA ${span(leftMs)}`,
    beside: beside === undefined ? '' : `, ${beside}`,
  };
}

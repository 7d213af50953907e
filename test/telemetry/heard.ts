import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EVENT_NAMES, SPAN_NAMES } from 'scrypath';
import { EMBEDDED_SPAN_NAMES } from 'scrypath/embedded';
import { MEILISEARCH_SPAN_NAMES } from 'scrypath/meilisearch';

/** A message, as it was at the moment when it was published. */
export interface Heard {
  readonly channel: string;
  readonly message: Readonly<Record<string, unknown>>;
}

const PHASES = ['start', 'end', 'error'] as const;
export const ALL_SPANS = [...SPAN_NAMES, ...EMBEDDED_SPAN_NAMES, ...MEILISEARCH_SPAN_NAMES] as const;
export const ALL_CHANNELS: readonly string[] = [
  ...ALL_SPANS.flatMap((name) => PHASES.map((phase) => `${name}:${phase}`)),
  ...EVENT_NAMES,
];

/** Hears every channel until it is stopped. */
export function hearEverything(): { readonly heard: readonly Heard[]; stop(): void } {
  const heard: Heard[] = [];
  const stops = ALL_CHANNELS.map((channel) => {
    const listener = (message: unknown) => void heard.push({ channel, message: { ...(message as object) } });
    subscribe(channel, listener);
    return () => unsubscribe(channel, listener);
  });
  return {
    heard,
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}

/** The members of the messages of each channel: those that all have, and behind `?` those that some have. */
export function membersOf(heard: readonly Heard[]): Record<string, string> {
  const byChannel = new Map<string, Heard[]>();
  for (const one of heard) byChannel.set(one.channel, [...(byChannel.get(one.channel) ?? []), one]);
  return Object.fromEntries(
    [...byChannel]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([channel, all]) => {
        const names = [...new Set(all.flatMap(({ message }) => Object.keys(message)))].sort();
        const everywhere = names.filter((name) => all.every(({ message }) => name in message));
        return [channel, names.map((name) => (everywhere.includes(name) ? name : `${name}?`)).join(' ')];
      }),
  );
}

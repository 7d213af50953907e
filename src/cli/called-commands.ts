/** What a remedy of the library tells a program to call, and the command that does it; `*` stands for the entity. */
const COMMANDS: readonly (readonly [call: RegExp, command: string])[] = [
  [/\bprepare\(/, 'scrypath prepare'],
  [/\breindex\(/, 'scrypath reindex *'],
  [/\brepair\(/, 'scrypath repair *'],
  [/\boutboxMigration\(/, 'scrypath migration:generate'],
  [/\bmigration of the triggers\b/, 'scrypath triggers:generate'],
  [/\bworker\(/, 'scrypath worker'],
  [/\bfailedWork\(/, 'scrypath failed'],
  [/\bretry\(/, 'scrypath retry <id>'],
];

/** The commands for what a remedy says, in its order. */
export const commandsIn = (remedy: string, entity: string): readonly string[] =>
  COMMANDS.map(([call, command]) => ({ at: remedy.search(call), command: command.replace('*', entity) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)
    .map(({ command }) => command);

import { ScrypathError } from '../errors/scrypath-error.js';
import { fieldOfRule, type IndexSettings, RANKING_RULES } from '../metadata/index-settings.js';

/** Refuses settings that the engine cannot take, with every reason. */
export function requireSettings(index: string, settings: IndexSettings): void {
  const problems = [
    ...(settings.rankingRules ?? []).filter((rule) => !isRule(rule)).map((rule) => `"${rule}" is not a ranking rule`),
    ...typoProblems(settings.typoTolerance?.minWordSizeForTypos ?? {}),
    ...countProblems('faceting.maxValuesPerFacet', settings.faceting?.maxValuesPerFacet, 0),
    ...countProblems('pagination.maxTotalHits', settings.pagination?.maxTotalHits, 1),
  ];
  if (problems.length === 0) return;
  throw new ScrypathError({
    code: 'BACKEND_REJECTED',
    happened: `The settings for the index "${index}" cannot be applied: ${problems.join('; ')}.`,
    remedy: `Ranking rules are ${RANKING_RULES.join(', ')}, and <field>:asc or <field>:desc.`,
    index,
    problems,
  });
}

const isRule = (rule: string): boolean =>
  fieldOfRule(rule) !== null || (RANKING_RULES as readonly string[]).includes(rule);

function countProblems(name: string, value: number | undefined, least: number): string[] {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return [];
  return [`${name} is ${value}; it must be a whole number from ${least} on`];
}

function typoProblems({ oneTypo, twoTypos }: { readonly oneTypo?: number; readonly twoTypos?: number }): string[] {
  const isSize = (size: number | undefined) =>
    size === undefined || (Number.isInteger(size) && size >= 0 && size <= 255);
  if (!isSize(oneTypo) || !isSize(twoTypos)) return ['typoTolerance.minWordSizeForTypos takes numbers from 0 to 255'];
  if (oneTypo !== undefined && twoTypos !== undefined && oneTypo > twoTypos) {
    return ['typoTolerance.minWordSizeForTypos.oneTypo is above twoTypos'];
  }
  return [];
}

import type { FilterNode, FilterValue } from '../../../query/search-query.js';

/** Short names for the parts of a filter tree, so that a case reads as one line. */
export const equals = (field: string, value: FilterValue): FilterNode => ({ kind: 'equals', field, value });
export const oneOf = (field: string, ...values: FilterValue[]): FilterNode => ({ kind: 'oneOf', field, values });
export const exists = (field: string): FilterNode => ({ kind: 'exists', field });
export const isNull = (field: string): FilterNode => ({ kind: 'isNull', field });
export const not = (of: FilterNode): FilterNode => ({ kind: 'not', of });
export const and = (...of: FilterNode[]): FilterNode => ({ kind: 'and', of });
export const or = (...of: FilterNode[]): FilterNode => ({ kind: 'or', of });

const compare =
  (operator: 'gt' | 'gte' | 'lt' | 'lte') =>
  (field: string, value: string | number): FilterNode => ({ kind: 'compare', field, operator, value });

export const gt = compare('gt');
export const gte = compare('gte');
export const lt = compare('lt');
export const lte = compare('lte');

/**
 * Off-policy evaluation: what a policy would have earned, from decisions that another one took and noted with their propensities. Inverse
 * propensity (`ips`), self-normalised (`snips`), doubly robust (`dr`). A policy that learns is shown each context in turn and is fed the
 * reward only where its choice is the one that was taken.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import {
  chooseArm,
  expectedReward,
  learnReward,
  NO_POLICY,
  type PolicyState,
} from '@cairn/orchestrator/core/next-best-action/policy.ts';

export interface Decision {
  action: string;
  propensity: number;
  reward: number;
  /** `column=value` for each column of the context. */
  features: string[];
}

export interface Decisions {
  decisions: Decision[];
  /** In the order of their names. */
  actions: string[];
}

export type JudgedPolicy = { type: 'constant'; action: string } | { type: 'product' };

export interface PolicyFigures {
  ips: number | null;
  snips: number | null;
  dr: number | null;
  /** How many decisions the weights are worth: (Σ weights)² / Σ weights². */
  ess: number;
  /** Standard error of `ips`. */
  se: number | null;
  /** Decisions in which the policy chose what was done. */
  matched: number;
}

/** Fewer effective decisions say too little: an interval would be wider than most effects. */
export const ESS_LEAST = 200;
/** A column of numbers with more values is cut into as many equal shares. */
const VALUES_MAX = 12;
const SHARES = 5;

export function readPolicy(text: string): JudgedPolicy | null {
  if (text === 'product') return { type: 'product' };
  const action = /^constant:(.+)$/.exec(text)?.[1];
  return action === undefined ? null : { type: 'constant', action };
}

/** Throws where a row cannot be used, with its number. */
export function readDecisions(path: string, rewardColumn: string): Decisions | { missing: string[] } {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const rows = parse<Record<string, string>>(text, { bom: true, columns: true, skip_empty_lines: true, trim: true });
  return decisionsOf(rows, rewardColumn);
}

export function decisionsOf(
  rows: readonly Record<string, string>[],
  rewardColumn: string,
): Decisions | { missing: string[] } {
  const columns = Object.keys(rows[0] ?? {});
  const missing = ['action', 'propensity', rewardColumn].filter((column) => !columns.includes(column));
  if (missing.length > 0) return { missing };
  const context = columns.filter((column) => !['action', 'propensity', rewardColumn].includes(column));
  const featureOf = new Map(context.map((column) => [column, featuresOf(column, rows)]));
  const decisions = rows.map((row, i): Decision => {
    const propensity = Number(row.propensity);
    const reward = Number(row[rewardColumn]);
    if (!(propensity > 0 && propensity <= 1))
      throw new Error(`row ${i + 1}: propensity '${row.propensity}' is not above 0 and at most 1`);
    if (row[rewardColumn] === '' || !Number.isFinite(reward))
      throw new Error(`row ${i + 1}: ${rewardColumn} '${row[rewardColumn]}' is no number`);
    if (!row.action) throw new Error(`row ${i + 1}: no action`);
    return {
      action: row.action,
      propensity,
      reward,
      features: context.map((column) => featureOf.get(column)!(row[column] ?? '')),
    };
  });
  return { decisions, actions: [...new Set(decisions.map(({ action }) => action))].sort() };
}

export function judgeDecisions({ decisions, actions }: Decisions, policy: JudgedPolicy): PolicyFigures {
  const scale = decisions.reduce((most, { reward }) => Math.max(most, Math.abs(reward)), 0) || 1;
  const arms = actions.map((name) => ({ name, cost: 0 }));
  /** What the policy has learned, and, apart from it, what is expected of each action: the latter from every decision, each only after it was judged. */
  let learned: PolicyState = NO_POLICY;
  let model: PolicyState = NO_POLICY;
  const earned: number[] = [];
  let weights = 0;
  let weightSquares = 0;
  let weighted = 0;
  let robust = 0;
  let matched = 0;
  decisions.forEach(({ action, propensity, reward, features }, i) => {
    const choice =
      policy.type === 'constant' ? policy.action : chooseArm(learned, arms, features, `evaluate/${i}`)!.name;
    const expected = (name: string): number => expectedReward(model, name, features) * scale;
    const isMatch = choice === action;
    const weight = isMatch ? 1 / propensity : 0;
    earned.push(weight * reward);
    weights += weight;
    weightSquares += weight * weight;
    weighted += weight * reward;
    robust += expected(choice) + weight * (reward - expected(action));
    if (isMatch) {
      matched++;
      learned = learnReward(learned, action, features, reward / scale);
    }
    model = learnReward(model, action, features, reward / scale);
  });
  const ess = weightSquares === 0 ? 0 : (weights * weights) / weightSquares;
  if (ess < ESS_LEAST) return { ips: null, snips: null, dr: null, ess, se: null, matched };
  const count = decisions.length;
  const ips = weighted / count;
  const variance = earned.reduce((sum, value) => sum + (value - ips) ** 2, 0) / (count - 1);
  return { ips, snips: weighted / weights, dr: robust / count, ess, se: Math.sqrt(variance / count), matched };
}

/** Text as it is; numbers by the share they fall into, so that what is learned of one helps with its neighbours. */
function featuresOf(column: string, rows: readonly Record<string, string>[]): (value: string) => string {
  const values = rows.map((row) => row[column] ?? '');
  const numbers = values.filter((value) => value !== '').map(Number);
  if (numbers.some((value) => !Number.isFinite(value)) || new Set(values).size <= VALUES_MAX)
    return (value) => `${column}=${value}`;
  const sorted = [...numbers].sort((a, b) => a - b);
  const edges = Array.from({ length: SHARES - 1 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / SHARES)]!);
  return (value) => `${column}=${value === '' ? '' : edges.filter((edge) => Number(value) >= edge).length}`;
}

/** Answers of buyers → one mood from −1 to 1, and the field's own figures. Pure. */
import { SCALES, type Feeling } from '../rows/value-rows.ts';

export interface FeelingRow {
  stage: string;
  touchpoint: string;
  kind: string;
  n: number | string;
  mean: number;
  promoters: number | string;
  detractors: number | string;
}

export interface Sentiment {
  /** From −1 to 1: every answer's place on its own scale, averaged. */
  mood: number;
  answers: number;
  /** Mean of 1–5; share of 9–10 less share of 0–6, from −100 to 100; mean of 1–7. Null: nobody answered. */
  csat: number | null;
  nps: number | null;
  ces: number | null;
}

export function sentimentOf(rows: readonly FeelingRow[]): Sentiment | null {
  const answers = rows.reduce((sum, row) => sum + Number(row.n), 0);
  if (answers === 0) return null;
  const mood = rows.reduce((sum, row) => sum + moodOf(row.kind as Feeling, row.mean) * Number(row.n), 0) / answers;
  return { mood, answers, csat: meanOf(rows, 'csat'), nps: npsOf(rows), ces: meanOf(rows, 'ces') };
}

/** The middle of a scale is 0, its ends are −1 and 1. */
function moodOf(kind: Feeling, mean: number): number {
  const [low, high] = SCALES[kind];
  return (2 * (mean - low)) / (high - low) - 1;
}

function meanOf(rows: readonly FeelingRow[], kind: Feeling): number | null {
  const of = rows.filter((row) => row.kind === kind);
  const n = of.reduce((sum, row) => sum + Number(row.n), 0);
  return n === 0 ? null : of.reduce((sum, row) => sum + row.mean * Number(row.n), 0) / n;
}

function npsOf(rows: readonly FeelingRow[]): number | null {
  const of = rows.filter((row) => row.kind === 'nps');
  const n = of.reduce((sum, row) => sum + Number(row.n), 0);
  if (n === 0) return null;
  return (100 * of.reduce((sum, row) => sum + Number(row.promoters) - Number(row.detractors), 0)) / n;
}

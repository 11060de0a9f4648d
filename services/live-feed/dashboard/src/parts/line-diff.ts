/** Two texts line by line: what stays, what goes, what comes. Longest common subsequence: definitions have some hundred lines. */
export interface DiffLine {
  kind: '+' | '-' | ' ';
  line: string;
}

/** Cells of the table: 2,000 changed lines on either side. Over it, all goes and all comes. */
const CELLS_MAX = 4_000_000;
/** Around a change. */
const CONTEXT_LINES = 2;

export function lineDiff(before: string, after: string): DiffLine[] {
  const a = before.split('\n');
  const b = after.split('\n');
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  return [
    ...a.slice(0, head).map(same),
    ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(same),
  ];
}

/** The changed lines with some around them; null stands where lines are left out. */
export function changedLines(rows: readonly DiffLine[]): (DiffLine | null)[] {
  const near = (place: number): boolean =>
    rows.slice(Math.max(0, place - CONTEXT_LINES), place + CONTEXT_LINES + 1).some(({ kind }) => kind !== ' ');
  const shown: (DiffLine | null)[] = [];
  rows.forEach((row, place) => {
    if (near(place)) shown.push(row);
    else if (shown.at(-1) !== null) shown.push(null);
  });
  return shown;
}

const same = (line: string): DiffLine => ({ kind: ' ', line });
const gone = (line: string): DiffLine => ({ kind: '-', line });
const added = (line: string): DiffLine => ({ kind: '+', line });

function middle(a: readonly string[], b: readonly string[]): DiffLine[] {
  if (a.length * b.length > CELLS_MAX) return [...a.map(gone), ...b.map(added)];
  const size = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      size[i]![j] = a[i] === b[j] ? size[i + 1]![j + 1]! + 1 : Math.max(size[i + 1]![j]!, size[i]![j + 1]!);
  const rows: DiffLine[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const isSame = i < a.length && j < b.length && a[i] === b[j];
    const isGone = j >= b.length || (i < a.length && size[i + 1]![j]! >= size[i]![j + 1]!);
    if (isSame) {
      rows.push(same(a[i]!));
      i++;
      j++;
    } else if (isGone) rows.push(gone(a[i++]!));
    else rows.push(added(b[j++]!));
  }
  return rows;
}

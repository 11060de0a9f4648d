/** What is other in one text than in another: lines that go and that come, told apart by sign as well as colour. */
import { changedLines, lineDiff } from './line-diff.ts';

export function TextDiff({ before, after, label }: { before: string; after: string; label: string }) {
  const rows = lineDiff(before, after);
  if (rows.every(({ kind }) => kind === ' ')) return <p class="soft">The text is the same.</p>;
  return (
    <pre class="diff" tabIndex={0} role="region" aria-label={label}>
      {changedLines(rows).map((row, index) => (
        <span key={index} class={row?.kind === '+' ? 'added' : row?.kind === '-' ? 'gone' : 'kept'}>
          {row ? `${row.kind} ${row.line}` : '  …'}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}

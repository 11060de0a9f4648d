/** A table as a file: every chart and list can be taken along. */
type Cell = string | number | null | undefined;

const quoted = (cell: Cell): string => {
  const text = cell === null || cell === undefined ? '' : String(cell);
  // A spreadsheet would take these for formulas.
  const safe = /^[=+\-@]/.test(text) && typeof cell === 'string' ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

export const csvOf = (head: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  [head, ...rows].map((row) => row.map(quoted).join(',')).join('\r\n');

export function CsvButton({
  name,
  head,
  rows,
}: {
  name: string;
  head: readonly string[];
  rows: () => readonly (readonly Cell[])[];
}) {
  return (
    <button
      type="button"
      onClick={() => {
        const link = document.createElement('a');
        link.href = URL.createObjectURL(new Blob([csvOf(head, rows())], { type: 'text/csv' }));
        link.download = `${name}.csv`;
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
      }}
    >
      Download CSV
    </button>
  );
}

import { useSignal } from '@preact/signals';

/** A button that asks once more in its own place: no dialog that takes the keyboard away. */
export function Confirm({ label, sure, act }: { label: string; sure: string; act: () => void }) {
  const asked = useSignal(false);
  if (!asked.value)
    return (
      <button type="button" onClick={() => (asked.value = true)}>
        {label}
      </button>
    );
  return (
    <span class="confirm">
      <button
        type="button"
        class="danger"
        autoFocus
        onClick={() => {
          asked.value = false;
          act();
        }}
      >
        {sure}
      </button>
      <button type="button" onClick={() => (asked.value = false)}>
        Keep
      </button>
    </span>
  );
}

/** Where one is: the path behind `#`, with its query. */
import { computed, signal } from '@preact/signals';

const path = signal(location.hash.slice(1) || '/board');
addEventListener('hashchange', () => {
  path.value = location.hash.slice(1) || '/board';
  scrollTo(0, 0);
  document.getElementById('main')?.focus({ preventScroll: true });
});

/** `/journeys/jrn_1?x=1` → ['journeys', 'jrn_1'] */
export const route = computed(() => path.value.split('?')[0]!.split('/').filter(Boolean).map(decodeURIComponent));
export const query = computed(() => new URLSearchParams(path.value.split('?')[1] ?? ''));

export function go(to: string): void {
  location.hash = to;
}

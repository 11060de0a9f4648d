/** The read API, with the cookie of the login link. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export async function api<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
  const response = await fetch(path, {
    method,
    credentials: 'same-origin',
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed = text ? (JSON.parse(text) as unknown) : null;
  if (!response.ok) {
    const problem = parsed as { title?: string; detail?: string } | null;
    throw new ApiError(response.status, problem?.detail ?? problem?.title ?? response.statusText);
  }
  return parsed as T;
}

/** All pages of a list, up to `most` items. */
export async function apiAll<T>(path: string, most = 2_000): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | null = null; ;) {
    const join = path.includes('?') ? '&' : '?';
    const page: { items: T[]; next: string | null } = await api(
      'GET',
      `${path}${join}limit=500${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
    );
    items.push(...page.items);
    cursor = page.next;
    if (!cursor || items.length >= most) return items;
  }
}

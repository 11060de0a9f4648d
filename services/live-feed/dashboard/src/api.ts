/** The read API, with the cookie of the login link. */
export class ApiError extends Error {
  readonly status: number;
  /** One entry per fault of a request body. */
  readonly errors: readonly { path: string; message: string }[];
  constructor(status: number, message: string, errors: ApiError['errors'] = []) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A text body is sent as YAML. Throws `ApiError` with what the problem details say. */
export async function api<T>(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const isText = typeof body === 'string';
  const response = await fetch(path, {
    method,
    credentials: 'same-origin',
    ...(signal ? { signal } : {}),
    ...(body === undefined
      ? {}
      : {
          headers: { 'content-type': isText ? 'application/yaml' : 'application/json' },
          body: isText ? body : JSON.stringify(body),
        }),
  });
  const text = await response.text();
  const parsed = parse(text);
  if (response.ok) return parsed as T;
  const problem = (parsed ?? {}) as { title?: string; detail?: string; errors?: ApiError['errors'] };
  throw new ApiError(response.status, problem.detail ?? problem.title ?? response.statusText, problem.errors);
}

function parse(text: string): unknown {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/** All pages of a list, up to `most` items. */
export async function apiAll<T>(path: string, most = 2_000): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | null = null; ;) {
    const join = path.includes('?') ? '&' : '?';
    const page: { items: T[]; next: string | null } = await api(
      'GET',
      `${path}${join}limit=${Math.min(500, most)}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
    );
    items.push(...page.items);
    cursor = page.next;
    if (!cursor || items.length >= most) return items;
  }
}

/** What an endpoint's preset brings along: defaults and warnings. What a person sets comes first. */
export interface Preset {
  /** Deliveries per second. */
  rateLimit?: number;
  /** The body is made for this receiver instead of `{ type, timestamp, data }`. */
  body?: 'slack';
  scheme?: 'v1a';
  warn?(url: URL): string | null;
}

export const PRESETS: Readonly<Record<string, Preset>> = {
  ed25519: { scheme: 'v1a' },
  /** An incoming webhook takes one message a second. */
  slack: { rateLimit: 1, body: 'slack' },
  zapier: {
    warn: (url) =>
      isHost(url, 'zapier.com')
        ? null
        : 'this is no address of Zapier (hooks.zapier.com); use it only if you run your own',
  },
  n8n: {
    warn: (url) =>
      url.pathname.includes('/webhook-test/')
        ? 'this is a test URL of n8n: it only listens while the editor waits for an event; use the production URL'
        : null,
  },
  make: {},
  /** HubSpot allows 100 calls in ten seconds to a private app. */
  hubspot: { rateLimit: 10 },
};

export function warningsOf(preset: string | null, url: string): string[] {
  const parsed = URL.parse(url);
  const warning = preset !== null && parsed ? PRESETS[preset]?.warn?.(parsed) : null;
  return warning ? [warning] : [];
}

function isHost(url: URL, domain: string): boolean {
  return url.hostname === domain || url.hostname.endsWith(`.${domain}`);
}

/** Which well-known sites are search engines, social networks, video or shopping: by their domain, and by the short name that people write in utm_source. */
export type SiteKind = 'search' | 'social' | 'video' | 'shopping';

const NAMES: Readonly<Record<SiteKind, readonly string[]>> = {
  search: [
    'google',
    'bing',
    'yahoo',
    'duckduckgo',
    'baidu',
    'yandex',
    'ecosia',
    'qwant',
    'startpage',
    'naver',
    'seznam',
    'sogou',
    'daum',
    'ask',
    'aol',
    'brave',
    'kagi',
    'so',
    'swisscows',
    'mojeek',
    'presearch',
    'msn',
  ],
  social: [
    'facebook',
    'fb',
    'instagram',
    'ig',
    'linkedin',
    'lnkd',
    'twitter',
    'x',
    'reddit',
    'pinterest',
    'tumblr',
    'quora',
    'threads',
    'bsky',
    'mastodon',
    'tiktok',
    'snapchat',
    'whatsapp',
    'telegram',
    'vk',
    'weibo',
    'xing',
    'discord',
    'slack',
    'meetup',
    'ycombinator',
    'hackernews',
    'wechat',
    'line',
    'nextdoor',
    'medium',
    'producthunt',
    'glassdoor',
  ],
  video: [
    'youtube',
    'youtu',
    'vimeo',
    'twitch',
    'dailymotion',
    'wistia',
    'loom',
    'netflix',
    'hulu',
    'bilibili',
    'rumble',
  ],
  shopping: [
    'amazon',
    'ebay',
    'etsy',
    'walmart',
    'alibaba',
    'aliexpress',
    'shopify',
    'shopzilla',
    'idealo',
    'pricerunner',
    'bestbuy',
    'target',
    'mercadolibre',
    'allegro',
    'zalando',
    'rakuten',
    'taobao',
    'temu',
    'google shopping',
    'shopping.google',
  ],
};

/** Names too short to be found by their first label alone: these domains, whole. */
const DOMAINS: Readonly<Record<string, SiteKind>> = {
  't.co': 'social',
  'x.com': 'social',
  'lnkd.in': 'social',
  'fb.me': 'social',
  'm.me': 'social',
  'bsky.app': 'social',
  'news.ycombinator.com': 'social',
  'youtu.be': 'video',
  'so.com': 'search',
  'ask.com': 'search',
  'search.brave.com': 'search',
  'shopping.google.com': 'shopping',
};
const WHOLE_ONLY = new Set(['x', 'so', 'ask', 'line', 'medium', 'target', 'ig', 'loom', 'brave', 'slack', 'discord']);
/** Known by their own name with one of these endings: `medium.com` is the network, `medium.example.org` is not. */
const COM = ['medium.com', 'target.com', 'discord.com', 'slack.com', 'loom.com', 'line.me'];

const byName = new Map<string, SiteKind>();
for (const kind of Object.keys(NAMES) as SiteKind[]) for (const name of NAMES[kind]) byName.set(name, kind);
const byDomain = new Map<string, SiteKind>(Object.entries(DOMAINS));
for (const domain of COM) byDomain.set(domain, byName.get(domain.slice(0, domain.indexOf('.')))!);

/** The parameters that ad networks add to a click, and whose they are. */
export const PAID_BY_CLICK_ID: readonly (readonly [string, string])[] = [
  ['gclid', 'google'],
  ['gbraid', 'google'],
  ['wbraid', 'google'],
  ['msclkid', 'bing'],
];

/** Reads a host (`www.google.co.uk`) or a plain name (`google`), in lower case; null: no site that is known. */
export function siteKind(source: string): SiteKind | null {
  if (!source.includes('.')) return byName.get(source) ?? null;
  const host = source.replace(/^(www|m|l|lm|mobile|old|out|away)\./, '');
  const whole = byDomain.get(host);
  if (whole) return whole;
  const labels = host.split('.');
  // google.co.uk, search.yahoo.com, uk.search.yahoo.com: the name is one of the labels before the public suffix.
  for (let i = Math.max(0, labels.length - 3); i < labels.length - 1; i++) {
    const label = labels[i]!;
    if (!WHOLE_ONLY.has(label) && byName.has(label) && isSuffix(labels.slice(i + 1))) return byName.get(label)!;
  }
  return null;
}

/** `com`, `de`, `co.uk`, `com.br`: what may follow the name of a site. */
function isSuffix(labels: readonly string[]): boolean {
  if (labels.length === 1) return true;
  return labels.length === 2 && /^(co|com|net|org|gov|ac)$/.test(labels[0]!) && labels[1]!.length === 2;
}

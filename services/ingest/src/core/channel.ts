import type { Plain } from './normalise.ts';
import { PAID_BY_CLICK_ID, siteKind, type SiteKind } from './sites.ts';

/**
 * The marketing channel of a touchpoint: as given, else one of GA4's default channel groups, from the UTM parameters, the
 * referrer and the kind of call. Null: nothing says where the buyer came from (a step within a visit, a server's event).
 */
export function channelOf(kind: string, context: Plain, properties: Plain): string | null {
  const given = textOf(context.channel) ?? textOf(properties.channel);
  if (given !== null) return given;
  if (kind === 'identify' || kind === 'group' || kind === 'alias') return null;
  const page = objectOf(context.page);
  const campaign = campaignOf(context, properties, page);
  if (campaign) return channelGroup(campaign);
  const referrer = hostOf(textOf(page?.referrer) ?? textOf(properties.referrer) ?? referrerUrl(context));
  if (referrer !== null) {
    if (isOwn(referrer, hostOf(textOf(page?.url) ?? textOf(properties.url)))) return null;
    return channelOfReferrer(siteKind(referrer));
  }
  // A page or screen that nothing led to was opened by hand; a track call is most often a step within a visit.
  return kind === 'page' || kind === 'screen' ? 'Direct' : null;
}

export interface Campaign {
  source: string;
  medium: string;
  name: string;
}

const PAID = /^(.*cp.*|ppc|retargeting|paid.*)$/;
const SHOPPING_NAME = /^(.*(([^a-df-z]|^)shop|shopping).*)$/;
const DISPLAY = new Set(['display', 'banner', 'expandable', 'interstitial', 'cpm']);
const SOCIAL = new Set(['social', 'social-network', 'social-media', 'sm', 'social network', 'social media']);
const REFERRAL = new Set(['referral', 'app', 'link']);
const EMAIL = new Set(['email', 'e-mail', 'e_mail', 'e mail']);

/** GA4's rules, in GA4's order (support.google.com/analytics/answer/9756891). All fields in lower case. */
export function channelGroup({ source, medium, name }: Campaign): string {
  const site = siteKind(source);
  const paid = PAID.test(medium);
  const shopping = site === 'shopping' || SHOPPING_NAME.test(name);
  if (source === '(direct)' && (medium === '' || medium === '(not set)' || medium === '(none)')) return 'Direct';
  if (name.includes('cross-network')) return 'Cross-network';
  if (shopping && paid) return 'Paid Shopping';
  if (site === 'search' && paid) return 'Paid Search';
  if (site === 'social' && paid) return 'Paid Social';
  if (site === 'video' && paid) return 'Paid Video';
  if (DISPLAY.has(medium)) return 'Display';
  if (paid) return 'Paid Other';
  if (shopping) return 'Organic Shopping';
  if (site === 'social' || SOCIAL.has(medium)) return 'Organic Social';
  if (site === 'video' || medium.includes('video')) return 'Organic Video';
  if (site === 'search' || medium === 'organic') return 'Organic Search';
  if (REFERRAL.has(medium)) return 'Referral';
  if (EMAIL.has(source) || EMAIL.has(medium)) return 'Email';
  if (medium === 'affiliate') return 'Affiliates';
  if (medium === 'audio') return 'Audio';
  if (source === 'sms' || medium === 'sms') return 'SMS';
  if (medium.endsWith('push') || medium.includes('mobile') || medium.includes('notification') || source === 'firebase')
    return 'Mobile Push Notifications';
  return 'Unassigned';
}

function channelOfReferrer(site: SiteKind | null): string {
  switch (site) {
    case 'search':
      return 'Organic Search';
    case 'social':
      return 'Organic Social';
    case 'video':
      return 'Organic Video';
    case 'shopping':
      return 'Organic Shopping';
    case null:
      return 'Referral';
  }
}

/** `context.campaign` as SDKs fill it, else the UTM parameters or the click id of the page's address. */
function campaignOf(context: Plain, properties: Plain, page: Plain | null): Campaign | null {
  const given = objectOf(context.campaign);
  const source = lower(given?.source);
  const medium = lower(given?.medium);
  const name = lower(given?.name);
  if (source || medium || name) return { source, medium, name };
  const search =
    textOf(page?.search) ?? textOf(properties.search) ?? queryOf(textOf(page?.url) ?? textOf(properties.url));
  if (search === null || search.length < 4) return null;
  const query = new URLSearchParams(search);
  const fromQuery = {
    source: lower(query.get('utm_source')),
    medium: lower(query.get('utm_medium')),
    name: lower(query.get('utm_campaign')),
  };
  if (fromQuery.source || fromQuery.medium || fromQuery.name) return fromQuery;
  for (const [parameter, by] of PAID_BY_CLICK_ID)
    if (query.has(parameter)) return { source: by, medium: 'cpc', name: '' };
  return null;
}

const referrerUrl = (context: Plain): string | null => textOf(objectOf(context.referrer)?.url);

function queryOf(url: string | null): string | null {
  const at = url?.indexOf('?') ?? -1;
  return url === null || at < 0 ? null : url.slice(at);
}

/** The host of an address, in lower case without `www.`; null for what is none. By hand: `new URL` is 20 times slower. */
function hostOf(url: string | null): string | null {
  const match = url === null ? null : /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:]+)/i.exec(url);
  return match ? match[1]!.toLowerCase().replace(/^www\./, '') : null;
}

/** A referrer on the own site, or on a subdomain of it, is a step within a visit. */
function isOwn(referrer: string, own: string | null): boolean {
  return own !== null && (referrer === own || referrer.endsWith(`.${own}`) || own.endsWith(`.${referrer}`));
}

const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
const lower = (value: unknown): string => (typeof value === 'string' ? value.trim().toLowerCase() : '');
const objectOf = (value: unknown): Plain | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Plain) : null;

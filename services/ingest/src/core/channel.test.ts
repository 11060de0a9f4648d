import { describe, expect, it } from 'vitest';
import { channelGroup, channelOf } from './channel.ts';
import { siteKind } from './sites.ts';

describe('GA4’s default channel groups', () => {
  it.each([
    ['(direct)', '(none)', '', 'Direct'],
    ['google', 'cpc', 'cross-network-eu', 'Cross-network'],
    ['amazon', 'cpc', '', 'Paid Shopping'],
    ['acme', 'paid', 'spring-shopping', 'Paid Shopping'],
    ['google', 'cpc', '', 'Paid Search'],
    ['linkedin', 'paid_social', '', 'Paid Social'],
    ['youtube', 'cpv', '', 'Paid Video'],
    ['youtube', 'cpc', '', 'Paid Video'],
    ['acme', 'display', '', 'Display'],
    ['acme', 'banner', '', 'Display'],
    ['acme', 'cpc', '', 'Paid Other'],
    ['ebay', 'link', '', 'Organic Shopping'],
    ['linkedin', 'post', '', 'Organic Social'],
    ['acme', 'social', '', 'Organic Social'],
    ['vimeo', '', '', 'Organic Video'],
    ['acme', 'video', '', 'Organic Video'],
    ['google', 'organic', '', 'Organic Search'],
    ['acme', 'referral', '', 'Referral'],
    ['newsletter', 'email', '', 'Email'],
    ['e-mail', '', '', 'Email'],
    ['acme', 'affiliate', '', 'Affiliates'],
    ['acme', 'audio', '', 'Audio'],
    ['sms', '', '', 'SMS'],
    ['acme', 'web-push', '', 'Mobile Push Notifications'],
    ['acme', 'mobile app', '', 'Mobile Push Notifications'],
    ['acme', 'something', '', 'Unassigned'],
  ])('%s / %s / %s is %s', (source, medium, name, expected) => {
    expect(channelGroup({ source, medium, name })).toBe(expected);
  });
});

describe('the channel of a touchpoint', () => {
  const page = (fields: Record<string, unknown>): Record<string, unknown> => ({ page: fields });
  it.each<[string, string, Record<string, unknown>, Record<string, unknown>, string | null]>([
    [
      'is what the context says',
      'track',
      { channel: 'phone', campaign: { source: 'google', medium: 'cpc' } },
      { channel: 'x' },
      'phone',
    ],
    ['is what the properties say', 'track', {}, { channel: 'meeting' }, 'meeting'],
    ['comes from the campaign', 'track', { campaign: { source: 'Newsletter', medium: 'Email' } }, {}, 'Email'],
    [
      'comes from the query',
      'page',
      page({ url: 'https://a.example/?utm_source=google&utm_medium=cpc' }),
      {},
      'Paid Search',
    ],
    ['comes from page.search', 'page', page({ search: '?utm_source=linkedin' }), {}, 'Organic Social'],
    ['comes from a click id', 'page', page({ search: '?gclid=abc' }), {}, 'Paid Search'],
    [
      'comes from the properties of a page call',
      'page',
      {},
      { url: 'https://a.example/', referrer: 'https://www.google.co.uk/' },
      'Organic Search',
    ],
    [
      'comes from a search engine',
      'page',
      page({ referrer: 'https://www.google.com/', url: 'https://a.example/' }),
      {},
      'Organic Search',
    ],
    [
      'comes from a network',
      'page',
      page({ referrer: 'https://lm.facebook.com/l.php', url: 'https://a.example/' }),
      {},
      'Organic Social',
    ],
    [
      'is a referral from elsewhere',
      'page',
      page({ referrer: 'https://blog.example/', url: 'https://a.example/' }),
      {},
      'Referral',
    ],
    [
      'is nothing on a step within the site',
      'page',
      page({ referrer: 'https://www.a.example/x', url: 'https://a.example/' }),
      {},
      null,
    ],
    [
      'is nothing on a step between subdomains',
      'page',
      page({ referrer: 'https://app.a.example/x', url: 'https://a.example/' }),
      {},
      null,
    ],
    ['is direct for a page that nothing led to', 'page', page({ url: 'https://a.example/' }), {}, 'Direct'],
    ['is nothing for a server’s track call', 'track', {}, {}, null],
    ['is nothing for an identify call', 'identify', page({ url: 'https://a.example/' }), {}, null],
    [
      'does not stumble over wrong types',
      'page',
      { page: 'x', campaign: [1], channel: 5, referrer: null },
      { url: 7 },
      'Direct',
    ],
  ])('%s', (_name, kind, context, properties, expected) => expect(channelOf(kind, context, properties)).toBe(expected));
});

describe('well-known sites', () => {
  it.each([
    ['google', 'search'],
    ['google.com', 'search'],
    ['news.google.co.uk', 'search'],
    ['uk.search.yahoo.com', 'search'],
    ['t.co', 'social'],
    ['x.com', 'social'],
    ['youtu.be', 'video'],
    ['m.youtube.com', 'video'],
    ['medium.com', 'social'],
    ['medium.acme.example', null],
    ['google.acme.example', null],
    ['target.acme.com', null],
    ['example.com', null],
  ])('%s is %s', (source, expected) => expect(siteKind(source)).toBe(expected));
});

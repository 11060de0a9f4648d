import { disposableEmailBlocklist } from 'disposable-email-domains-js';
import emailProviders from 'email-providers';
import { parse } from 'tldts';

/**
 * Which company an e-mail address or a website stands for: its registrable domain (public suffix list), unless everyone can
 * have an address there: free providers, disposable ones, relays. See docs/decisions/0012-free-domain-list.md for the lists.
 */

/** Addresses that a provider makes up to hide the true one; a relay's domain says nothing about a company. */
const RELAYS = [
  ...[
    'privaterelay.appleid.com',
    'icloud.com',
    'relay.firefox.com',
    'mozmail.com',
    'duck.com',
    'simplelogin.com',
    'simplelogin.co',
  ],
  ...[
    'simplelogin.fr',
    'slmail.me',
    'slmails.com',
    'aleeas.com',
    'anonaddy.com',
    'anonaddy.me',
    'addy.io',
    'addymail.com',
  ],
  ...[
    '8alias.com',
    '8shield.net',
    'dralias.com',
    'passmail.com',
    'passmail.net',
    'passinbox.com',
    'passfwd.com',
    'hide-my-email.com',
  ],
  ...[
    'cloaked.id',
    'myclkd.id',
    'opayq.com',
    'abine.com',
    'maskedmail.com',
    'burnermail.io',
    '33mail.com',
    'erine.email',
  ],
  ...[
    'reply.github.com',
    'noreply.github.com',
    'users.noreply.github.com',
    'facebookmail.com',
    'marketplace.amazon.com',
  ],
];

/** Providers of size that the list lacks. */
const MORE_PROVIDERS = [
  ...[
    'fastmail.com',
    'fastmail.co.uk',
    'fastmail.de',
    'fastmail.es',
    'fastmail.us',
    'fastmail.in',
    'fastmail.jp',
    'tutanota.com',
  ],
  ...[
    'tutanota.de',
    'tuta.com',
    'tuta.io',
    'tutamail.com',
    'keemail.me',
    'op.pl',
    'vp.pl',
    'poczta.onet.pl',
    'autograf.pl',
    '139.com',
  ],
  ...[
    '189.cn',
    'aol.de',
    'aol.fr',
    'aon.at',
    'azet.sk',
    'atlas.cz',
    'bigpond.net',
    'btconnect.com',
    'cox.com',
    'hushmail.me',
  ],
  ...[
    'mailfence.com',
    'posteo.de',
    'posteo.net',
    'mailbox.org',
    'runbox.com',
    'startmail.com',
    'disroot.org',
    'riseup.net',
    'zohomail.com',
  ],
  ...[
    'zohomail.eu',
    'yandex.kz',
    'ukr.net',
    'i.ua',
    'bigmir.net',
    'citromail.hu',
    'freemail.hu',
    'abv.bg',
    'mail.bg',
    'in.gr',
  ],
];

/** On the list, yet companies whose own people write from there; and the domain that documentation and tests use for a company. */
const COMPANIES_ALL_THE_SAME = ['ancestry.com', 'bt.com', 'discovery.com', 'example.com', 'law.com', 'techspot.com'];

const NO_COMPANY = new Set<string>([...emailProviders, ...disposableEmailBlocklist(), ...RELAYS, ...MORE_PROVIDERS]);
for (const domain of COMPANIES_ALL_THE_SAME) NO_COMPANY.delete(domain);

/** `email` is normalised. null: no company can be told from it. */
export function companyDomainOf(email: string, foldSubdomains: boolean): string | null {
  return companyDomain(email.slice(email.lastIndexOf('@') + 1), foldSubdomains);
}

/** A domain or a web address as an account's trait says it; null when it is no registrable name or nobody's in particular. */
export function companyDomain(hostOrUrl: string, foldSubdomains: boolean): string | null {
  const text = hostOrUrl.trim().toLowerCase();
  const { domain: provider, hostname, isIp } = parse(text);
  if (!provider || !hostname || isIp || NO_COMPANY.has(provider) || NO_COMPANY.has(hostname)) return null;
  // Below uk.com or github.io everyone can have a name (the list's private part): those who do share no company. The suffix
  // itself is nobody's in particular.
  const domain = parse(hostname, { allowPrivateDomains: true }).domain;
  if (!domain) return null;
  if (foldSubdomains) return domain;
  return hostname.startsWith('www.') ? hostname.slice(4) : hostname;
}

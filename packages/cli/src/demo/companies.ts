/** Made-up companies and people. Domains end in `.example`, which nobody can own. */
export interface DemoPerson {
  name: string;
  email: string;
  title: string;
  role: 'champion' | 'decision-maker' | 'user';
}

export interface DemoCompany {
  name: string;
  domain: string;
  employees: number;
  industry: string;
  /** Who on our side looks after it. */
  owner: string;
  people: DemoPerson[];
}

const FIRST = [
  'Amber',
  'Fern',
  'Granite',
  'Harbor',
  'Juniper',
  'Lantern',
  'Meridian',
  'Northwind',
  'Oak',
  'Pioneer',
  'Quarry',
  'River',
  'Silver',
  'Tidal',
  'Umber',
  'Vista',
  'Willow',
  'Zephyr',
];
const SECOND = [
  'Analytics',
  'Foods',
  'Freight',
  'Health',
  'Instruments',
  'Labs',
  'Logistics',
  'Media',
  'Robotics',
  'Textiles',
];
const GIVEN = [
  'Ada',
  'Bruno',
  'Chiara',
  'Dmitri',
  'Elif',
  'Femi',
  'Greta',
  'Hugo',
  'Ines',
  'Jonas',
  'Kasia',
  'Liam',
  'Mei',
  'Noor',
  'Oskar',
  'Priya',
  'Quentin',
  'Rosa',
  'Sven',
  'Tomasz',
  'Uma',
  'Viktor',
  'Wanda',
  'Yara',
  'Zofia',
];
const FAMILY = [
  'Adeyemi',
  'Bianchi',
  'Costa',
  'Dubois',
  'Eriksen',
  'Fischer',
  'Garcia',
  'Haddad',
  'Ivanova',
  'Jansen',
  'Kowalski',
  'Lindqvist',
  'Moreau',
  'Novak',
  'Okafor',
  'Petrov',
  'Rossi',
  'Sato',
  'Tanaka',
  'Weber',
];
const TITLES = {
  champion: ['Head of Operations', 'Product Manager', 'Marketing Lead'],
  'decision-maker': ['Chief Financial Officer', 'VP Sales', 'Chief Operating Officer'],
  user: ['Analyst', 'Engineer', 'Coordinator'],
} as const;
const INDUSTRIES = ['logistics', 'manufacturing', 'health', 'media', 'retail', 'software'];

const OWNERS = ['Anna Zielińska', 'Marco Vidal', 'Sofie Lund'];

/** The `index`-th company: the same for the same random numbers. */
export function makeCompany(index: number, random: () => number): DemoCompany {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const name = `${FIRST[index % FIRST.length]} ${SECOND[(index * 7 + Math.floor(index / FIRST.length)) % SECOND.length]}`;
  const domain = `${name.toLowerCase().replace(' ', '-')}.example`;
  const roles: DemoPerson['role'][] = [
    'champion',
    ...(random() < 0.7 ? (['decision-maker'] as const) : []),
    ...(random() < 0.5 ? (['user'] as const) : []),
  ];
  const people = roles.map((role) => {
    const given = pick(GIVEN);
    const family = pick(FAMILY);
    return {
      name: `${given} ${family}`,
      email: `${given}.${family}@${domain}`.toLowerCase(),
      title: pick(TITLES[role]),
      role,
    };
  });
  return {
    name,
    domain,
    employees: Math.round(20 * 10 ** (random() * 2.2)),
    industry: pick(INDUSTRIES),
    owner: OWNERS[index % OWNERS.length]!,
    people,
  };
}

/** The view's people: the newest state of each, and who holds an identifier now. */
import { createHash } from 'node:crypto';
import type {
  IdentityDecision,
  IdentityFile,
  Person,
  PersonMerged,
  PersonSplit,
} from '@cairn/contracts/generated/identity.ts';
import { identifierVariants } from '../core/identifier-variants.ts';
import { createViewDecisions, type ViewDecisions } from './view-decisions.ts';
import type { ViewStore } from './view-store.ts';

export interface ViewPeople {
  /** `key`: of the record. */
  apply(fact: IdentityFile, key: string): void;
  /** Forgets an erased person. */
  forget(workspace: string, id: string): void;
  /** Forgets a merge (`merged`, of whom) or split (`split`, by which command) that was told under the person's key. */
  unsay(workspace: string, id: string, what: string, of: string): void;
  /** Forgets the decision that was told under that key. */
  undecide(key: string): void;
  /** An absorbed person included (`mergedInto` is set). */
  get(workspace: string, id: string): Person | undefined;
  /** Who lives under this id now: itself, or who absorbed it. */
  living(workspace: string, id: string): string;
  /** The account that took this one over, or itself. */
  livingAccount(workspace: string, id: string): string;
  /** Why the person is who it is: merges, splits and decisions, the newest first. Committed state only. */
  story(workspace: string, id: string): PersonStory;
  /** What an admin has to look at, the newest first. Committed state only. */
  toLookAt: ViewDecisions['list'];
  /** Committed state only. The value is normalised here. */
  find(workspace: string, namespace: string, value: string): Person | undefined;
}

export type StoryFact = PersonMerged | PersonSplit | IdentityDecision;

/** Workspace, person, negative time, what. */
type StoryPlace = [string, string, number, string];

export interface PersonStory {
  merges: PersonMerged[];
  splits: PersonSplit[];
  decisions: IdentityDecision[];
}

/** Longer ones are kept by their hash: LMDB's keys are short. */
const VALUE_IN_KEY_MAX = 120;
/** A shared id may be held by many; the one person it belongs to now is looked for among the first of them. */
const HOLDERS_MAX = 100;
const CHAIN_MAX = 100;
/** Of a person and those it absorbed, shown at once. */
const STORY_MAX = 200;
const AFTER_EVERYTHING = '\u{10ffff}';

export function createViewPeople(store: ViewStore): ViewPeople {
  const people = store.table<Person>('people', 'json');
  const accounts = store.table<string>('accounts-into', 'json');
  const stories = store.table<StoryFact>('person-stories', 'json');
  /** Key of a decision's record → where it stands among the stories. */
  const decided = store.table<StoryPlace>('decided', 'json');
  const toLookAt = createViewDecisions(store);
  const holders = store.table<{ shared: boolean }>('identifiers', 'json');

  function put(person: Person): void {
    const name = `${person.workspace}/${person.id}`;
    const before = people.get(name);
    if (before && before.version > person.version) return;
    const held = new Set<string>();
    for (const { namespace, value, shared } of person.mergedInto === null ? person.ids : []) {
      const key = keyOf(person.workspace, namespace, value, person.id);
      held.add(key.join('\n'));
      holders.put(key, { shared });
    }
    for (const { namespace, value } of before?.ids ?? []) {
      const key = keyOf(person.workspace, namespace, value, person.id);
      if (!held.has(key.join('\n'))) holders.remove(key);
    }
    people.put(name, person);
  }

  function forget(workspace: string, id: string): void {
    const before = people.get(`${workspace}/${id}`);
    for (const { namespace, value } of before?.ids ?? []) holders.remove(keyOf(workspace, namespace, value, id));
    people.remove(`${workspace}/${id}`);
    for (const { key } of stories.range({ start: [workspace, id], end: [workspace, id, AFTER_EVERYTHING] }))
      stories.remove(key);
    toLookAt.forget(workspace, id);
  }

  /** It is told with everybody whom it names. */
  function unsay(workspace: string, id: string, what: string, of: string): void {
    for (const { value } of stories.range({ start: [workspace, id], end: [workspace, id, AFTER_EVERYTHING] })) {
      if (what === 'merged' && value.type === 'person.merged' && value.from === of) forgetFact(id, value);
      if (what === 'split' && value.type === 'person.split' && value.cause === of)
        for (const { personId } of value.into) forgetFact(personId, value);
    }
  }

  const forgetFact = (personId: string, fact: PersonMerged | PersonSplit): void =>
    stories.remove([fact.workspace, personId, -fact.at, fact.factId.slice(0, VALUE_IN_KEY_MAX)]);

  /** Told again after a restart it takes its own place. */
  const note = (personId: string, fact: StoryFact): void => stories.put(placeOf(personId, fact), fact);

  function placeOf(personId: string, fact: StoryFact): StoryPlace {
    const what = 'factId' in fact ? fact.factId : `${fact.decision} ${fact.namespace}:${fact.value}`;
    return [fact.workspace, personId, -fact.at, what.slice(0, VALUE_IN_KEY_MAX)];
  }

  /** The newest of its key stands for those before it. */
  function decide(fact: IdentityDecision, key: string): void {
    undecide(key);
    const place = placeOf(fact.personId ?? '', fact);
    const isListed = toLookAt.put(fact, place[3]);
    if (fact.personId !== null) stories.put(place, fact);
    if (isListed || fact.personId !== null) decided.put(shortKey(key), place);
  }

  function undecide(key: string): void {
    const place = decided.get(shortKey(key));
    if (!place) return;
    stories.remove(place);
    toLookAt.remove(place[0], place[2], place[3]);
    decided.remove(shortKey(key));
  }

  function tell(fact: IdentityFile, key: string): void {
    if (fact.type === 'person.merged') note(fact.into, fact);
    else if (fact.type === 'person.split') for (const { personId } of fact.into) note(personId, fact);
    else if (fact.type === 'identity.decision') decide(fact, key);
  }

  function find(workspace: string, namespace: string, value: string): Person | undefined {
    const prefix = keyOf(workspace, namespace, value, '');
    let shared: Person | undefined;
    for (const entry of holders.range({
      start: prefix,
      end: [...prefix.slice(0, -1), AFTER_EVERYTHING],
      limit: HOLDERS_MAX,
    })) {
      const person = people.get(`${workspace}/${entry.key.at(-1)}`);
      if (!person || person.mergedInto !== null) continue;
      if (!entry.value.shared) return person;
      // A shared id is nobody's but the anonymous person's who goes on under it.
      if (isAnonymous(person) && (!shared || person.createdAt > shared.createdAt)) shared = person;
    }
    return shared;
  }

  return {
    apply(fact, key) {
      if (fact.type === 'person.changed') put(fact.person);
      else if (fact.type === 'person.erased') forget(fact.workspace, fact.personId);
      else if (fact.type === 'account.changed') {
        const name = `${fact.workspace}/${fact.account.id}`;
        if (fact.mergedInto === null) accounts.remove(name);
        else accounts.put(name, fact.mergedInto);
      } else tell(fact, key);
    },
    forget,
    unsay,
    undecide,
    get: (workspace, id) => people.get(`${workspace}/${id}`),
    living(workspace, id) {
      let current = id;
      for (let step = 0; step < CHAIN_MAX; step++) {
        const into = people.get(`${workspace}/${current}`)?.mergedInto;
        if (!into) return current;
        current = into;
      }
      return current;
    },
    livingAccount(workspace, id) {
      let current = id;
      for (let step = 0; step < CHAIN_MAX; step++) {
        const into = accounts.get(`${workspace}/${current}`);
        if (!into) return current;
        current = into;
      }
      return current;
    },
    story(workspace, id) {
      const story: PersonStory = { merges: [], splits: [], decisions: [] };
      const whose = [id, ...(people.get(`${workspace}/${id}`)?.mergedFrom ?? [])].slice(0, HOLDERS_MAX);
      for (const personId of whose)
        for (const { value } of stories.range({
          start: [workspace, personId],
          end: [workspace, personId, AFTER_EVERYTHING],
          limit: STORY_MAX,
        })) {
          if (value.type === 'person.merged') story.merges.push(value);
          else if (value.type === 'person.split') story.splits.push(value);
          else story.decisions.push(value);
        }
      for (const facts of Object.values(story) as StoryFact[][]) facts.sort((a, b) => b.at - a.at);
      return story;
    },
    toLookAt: toLookAt.list,
    find(workspace, namespace, value) {
      for (const variant of identifierVariants(namespace, value)) {
        const found = find(workspace, namespace, variant);
        if (found) return found;
      }
      return undefined;
    },
  };
}

/** LMDB's keys are short; an earlier Cairn's had values in them. */
const shortKey = (key: string): string =>
  key.length > VALUE_IN_KEY_MAX ? createHash('sha256').update(key).digest('hex') : key;

const isAnonymous = (person: Person): boolean =>
  !person.ids.some(({ namespace, shared }) => !shared && (namespace === 'userId' || namespace === 'email'));

function keyOf(workspace: string, namespace: string, value: string, personId: string): string[] {
  const short = value.length > VALUE_IN_KEY_MAX ? createHash('sha256').update(value).digest('hex') : value;
  return [workspace, namespace.slice(0, VALUE_IN_KEY_MAX), short, personId];
}

/** What an account's buyers make of its score together: a sentence, and each buyer's share as a table with bars. */
import { plural, words } from '../format.ts';
import type { Journey } from '../types.ts';

const percent = (share: number): string => `${Math.round(share * 100)} %`;

export function AccountScore({ journey }: { journey: Journey }) {
  const { account } = journey.score;
  if (!account) return null;
  const engaged = journey.people.filter(({ lastInboundAt }) => lastInboundAt !== null);
  const all = engaged.reduce((sum, { touchpoints }) => sum + touchpoints, 0);
  return (
    <section aria-label="Buyers">
      <h2>Buyers</h2>
      <p class="soft">
        {plural(account.engagedPeople, 'buyer')} engaged
        {account.coverage !== null && ` · ${percent(account.coverage)} of the roles that this stage requires`}
        {account.missingRoles.length > 0 &&
          ` · missing: ${account.missingRoles.map((role) => role.replaceAll('-', ' ')).join(', ')}`}
        {account.topShare !== null && ` · ${percent(account.topShare)} of the engagement is one buyer’s`}
      </p>
      {all > 0 && (
        <table class="bars">
          <caption class="visually-hidden">Each buyer’s share of the touchpoints</caption>
          <thead>
            <tr>
              <th scope="col">Buyer</th>
              <th scope="col">Roles</th>
              <th scope="col" class="number">
                Share
              </th>
            </tr>
          </thead>
          <tbody>
            {[...engaged]
              .sort((a, b) => b.touchpoints - a.touchpoints)
              .map(({ id, name, email, roles, touchpoints }) => (
                <tr key={id}>
                  <td>
                    {name ?? email ?? 'Anonymous'}
                    <span class="share" style={{ width: `${(touchpoints / all) * 100}%` }} />
                  </td>
                  <td>{roles.map(words).join(', ')}</td>
                  <td class="number">{percent(touchpoints / all)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

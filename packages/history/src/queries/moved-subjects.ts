/** Where touchpoints are now that a split or a link moved: the subject that they were moved to may have been handed over since, as `identities/hand-overs.ts` says. */

/** Of a touchpoint that was moved: to a person, who was absorbed, joined an account, which was taken over, with room. */
const HAND_OVERS_FOLLOWED = 6;

/** Rows of hand-overs by subject: those since it was last derived anew, in their order. */
const STEPS = `SELECT subject_id AS subject, arrayFilter(step -> step.1 > own, taken) AS steps
  FROM (SELECT subject_id, arraySort(groupArray((version, into_id))) AS taken, maxIf(version, into_id = '') AS own
          FROM subject_hand_overs FINAL WHERE workspace = {workspace: String} GROUP BY subject_id)`;

/** of (touchpoint id) → living (subject id). What came in the millisecond of a hand-over went along: versions hold the log's milliseconds. */
export function movedSubjectsSql(): string {
  let sql = `SELECT touchpoint_id AS of, argMax(subject_id, version) AS living, max(version) AS since
    FROM touchpoint_moves WHERE workspace = {workspace: String} GROUP BY touchpoint_id`;
  for (let step = 0; step < HAND_OVERS_FOLLOWED; step++)
    sql = `SELECT r.of AS of, if(next.1 = 0, r.living, next.2) AS living, if(next.1 = 0, r.since, next.1) AS since,
        arrayFirst(step -> intDiv(step.1, 1000000) >= intDiv(r.since, 1000000), h.steps) AS next
      FROM (${sql}) AS r LEFT JOIN (${STEPS}) AS h ON h.subject = r.living`;
  return `SELECT of, living FROM (${sql})`;
}

/** The example of API.md section 3, to the letter: it must load and mean what it says. */
export const EXAMPLE_DEFINITION = `
cairn: journey-definition/1
name: b2b-sales
unit: account                      # account | person
timezone: Europe/Warsaw
businessHours: { days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00", holidays: PL }
outbound: { event: [Email Sent, Call Logged, Note Added] }
stages:                            # in order; a journey may skip and go back
  - name: awareness
  - name: consideration
    enter: { any: [ { event: Webinar Attended }, { event: Page Viewed, where: { properties.path: { startsWith: /pricing } } } ] }
    stall: { after: 5 business days }
  - name: evaluation
    enter: { event: Demo Requested }
    stall: { learned: { horizon: 10 business days, probability: 0.7, atLeast: 2 business days } }
outcomes:
  won: { enter: { event: Deal Won } }
  lost: { enter: { event: Deal Lost } }
score:
  engagement:
    halfLife: 7 days
    points:
      - { name: pricing page, when: { event: Page Viewed, where: { properties.path: { startsWith: /pricing } } }, add: 10, atMost: 30 }
      - { name: any touch, when: { direction: inbound }, add: 1 }
  fit:
    points:
      - { name: ICP size, when: { where: { account.traits.employees: { between: [50, 2000] } } }, add: 20 }
  thresholds: { mql: 25, sql: 60 }
roles: { decision-maker: { where: { person.traits.title: { matches: "(?i)chief|vp|head" } } }, user: {} }
requiredRoles: { evaluation: [decision-maker] }
actions:
  - name: call-champion
    when: { all: [ { stage: [consideration, evaluation] }, { alert: stall } ] }
    expires: 24 hours
    template: { title: "Call {{ quietPerson.name }}", reason: "{{ alert.reason.text }}" }
plays:
  - name: nudge
    trigger: { alert: stall }
    steps: [ { wait: { for: 2 hours, businessHours: true } }, { action: call-champion } ]
guardRails: { maxActionsPerJourney: { count: 3, per: 7 days }, quietHours: { from: "20:00", to: "08:00" }, requireConsent: [marketing] }
holdout: 0.1
alerts: { escalateAfter: 1 business day }
`;

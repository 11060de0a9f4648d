/** What each figure of the map, the funnel, paths and attribution means, in the words that every answer and page shows. */

export const MAP_WORDS = {
  cell: 'Touches of a kind (an event, or a channel) in a stage: the stage the journey was in once the touch had been taken.',
  range:
    'Touches from `from` up to, and without, `to`. Touches are inbound and outbound; what has no direction is none.',
  volume: 'Touches.',
  journeys: 'Journeys that had at least one of them.',
  onwardShare: 'Of those journeys, the share that later entered a later stage, or was won.',
  repeatShare: 'Of those journeys, the share that had this touch more than once in this stage.',
  dropOffShare: 'Of those journeys, the share that was lost with this as the last touch before the end.',
  stalledShare: 'Of those journeys, the share that stands still now with this as the last touch.',
  medianWait: "Waiting time: the median pause between a journey's touch before and this one.",
  medianTimeInStage: 'Median of the time that those journeys spent in the stage, visits that have ended added up.',
  medianTime: 'Median time of a visit to the stage that began within the range and has ended.',
  sentiment:
    "Buyers' answers (properties csat 1–5, nps 0–10, ces 1–7, sentiment −1–1), each as its place on its own scale from −1 to 1, averaged.",
  barriers:
    'At least 20 journeys, and a share of drop-off or stalls of at least 10 %, or of repeats of at least 50 %, and twice the share over the whole map.',
  target:
    'The future state, from `target` of the stage in the definition. Business days count as 7/5 calendar days here.',
  sample:
    'Share of the journeys from which shares and times are made; volumes and journeys are always counted over all.',
} as const;

export const FUNNEL_WORDS = {
  range: 'Journeys that began from `from` up to, and without, `to`; what became of them counts at any time.',
  reached: 'Journeys that entered the stage or a later one.',
  entered: 'Journeys that entered this very stage.',
  onward: 'Of those that entered: went to a later stage afterwards, or were won.',
  here: 'In the stage now, neither won nor lost; `stalledIn` of them stand still.',
  medianTime: 'Median time of a visit to the stage; visits that have not ended are left out.',
  medianFromStart: "Median time from the journey's beginning to its first entry.",
  moves:
    'From one stage to the next one entered, back-steps too, or to the outcome; the time is that spent in the first.',
} as const;

export const PATH_WORDS = {
  range: 'Journeys that began from `from` up to, and without, `to`, up to their outcome.',
  steps: 'The same step again and again is one. A step that comes back later is a node of its own: loops are unrolled.',
  goesOn: 'The path had more steps than are shown.',
  other: 'All paths that are not among the most frequent.',
  nodes: 'At each place the eight most frequent steps have a node of their own; the rest is (other).',
} as const;

export const ATTRIBUTION_WORDS = {
  caution:
    'Credit, not effect: a model shares out what was won; it does not say what would have been lost without a channel. Only a holdout says that.',
  range: 'Journeys that ended from `from` up to, and without, `to`.',
  paths: "The buyers' own (inbound) touches that have a channel, before the outcome.",
  first: 'All to the first touch.',
  last: 'All to the last touch.',
  linear: 'Equally to every touch.',
  position: '40 % to the first, 40 % to the last, the rest to those between; two share equally.',
  timeDecay: 'By nearness to the last touch: half as much for every 7 days before it.',
  markov:
    'By how many conversions a first-order chain of the paths loses where a channel is taken out, scaled to the conversions.',
  shapley: 'Equally to each channel of the path, however often it was used (Shapley values in simplified form).',
  unattributed: 'Won without a touch that has a channel: nobody is credited.',
} as const;

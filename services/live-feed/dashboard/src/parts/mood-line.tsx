/** The emotion line over the stages of the map: each point stands over its stage and says its figure and how many answered. */
import type { MapStage } from '../pages/map.tsx';

const HEIGHT = 90;
const MIDDLE = 45;
const REACH = 24;

export function MoodLine({ stages }: { stages: readonly MapStage[] }) {
  const answered = stages.flatMap((stage, i) =>
    stage.sentiment ? [{ i, mood: stage.sentiment.mood, answers: stage.sentiment.answers }] : [],
  );
  if (answered.length === 0)
    return <p class="soft none-answered">Nobody has answered yet: how answers come in stands below the map.</p>;
  const y = (mood: number): number => MIDDLE - mood * REACH;
  const middleOf = (i: number): string => `${(100 * (i + 0.5)) / stages.length}%`;
  return (
    <div class="mood-line" style={`height: ${HEIGHT}px`}>
      <svg viewBox={`0 0 ${stages.length} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <line class="zero" x1="0" x2={stages.length} y1={MIDDLE} y2={MIDDLE} vector-effect="non-scaling-stroke" />
        <polyline
          class="line"
          points={answered.map(({ i, mood }) => `${i + 0.5},${y(mood)}`).join(' ')}
          vector-effect="non-scaling-stroke"
        />
      </svg>
      {answered.map(({ i, mood, answers }) => (
        <span key={i} class="dot" style={`left: ${middleOf(i)}; top: ${y(mood)}px`}>
          <span class="said-mood">
            {feelingOf(mood)} {signed(mood)} <span class="soft">({answers})</span>
            <span class="visually-hidden"> in {stages[i]!.stage}</span>
          </span>
        </span>
      ))}
    </div>
  );
}

const feelingOf = (mood: number): string => (mood >= 0.25 ? 'Good' : mood <= -0.25 ? 'Bad' : 'Mixed');
/** With a minus that is as wide as the plus. */
const signed = (mood: number): string => `${mood > 0 ? '+' : mood < 0 ? '−' : ''}${Math.abs(mood).toFixed(2)}`;

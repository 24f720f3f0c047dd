/** A price per unit by tier and by who has certified the usage: the units of an event are spread over the tiers that they fall into, at its own prices. */
export const RULE_A = `
const bounds = [1000, 20000, 50000, Infinity];
function aggregate(event, state, custom_properties) {
  const prices = custom_properties[event.properties.certif];
  let left = Number(event.properties.value);
  let units = state.total_units;
  let amount = 0;
  for (const [tier, bound] of bounds.entries()) {
    const here = Math.min(left, Math.max(bound - units, 0));
    amount += here * prices[tier];
    units += here;
    left -= here;
  }
  return { total_units: units, amount };
}`;

export const PRICES = {
  first_party: ['0.12', '0.10', '0.08', '0.06'],
  third_party: ['0.15', '0.12', '0.10', '0.08'],
};

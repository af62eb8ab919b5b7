// Starts a workflow and waits for its end, over and over, at a few clients at once. See start_and_wait.py.
import http from "k6/http";
import { check } from "k6";

const url = `${__ENV.PENSTOCK_API_URL}/v1/executions?wait=10`;
const order = JSON.stringify({
  workflow: __ENV.WORKFLOW,
  items: [
    { name: "Potassium", value: 6.9, low: 3.5, high: 5.1 },
    { name: "Sodium", value: 140, low: 136, high: 145 },
    { name: "Creatinine", value: 3.42, low: 0.6, high: 1.1 },
  ],
});
const params = { headers: { "Content-Type": "application/json", "X-API-Key": __ENV.PENSTOCK_API_KEY }, timeout: "15s" };

export const options = {
  scenarios: {
    steady: { executor: "constant-vus", vus: Number(__ENV.CLIENTS), duration: `${__ENV.SECONDS}s`, gracefulStop: "15s" },
  },
  summaryTrendStats: ["med", "p(95)", "max"],
};

export default function () {
  const answer = http.post(url, order, params);
  check(answer, { done: (it) => it.status === 200 && it.json("status") === "done" });
}

export function handleSummary(data) {
  const { http_req_duration: taken, iterations, checks } = data.metrics;
  return {
    stdout: JSON.stringify({
      p50: taken.values.med,
      p95: taken.values["p(95)"],
      max: taken.values.max,
      a_second: iterations.values.rate,
      done: checks.values.passes,
      failed: checks.values.fails,
    }),
  };
}

"""One run of a workflow.

events    what can happen in it
state     what it has come to
fold      how each event changes that
joins     when a node with several inputs may run
step      what happens next, given the state
running   how one node is run: parameters resolved, failures judged
ports     what the engine needs of the world
driver    carries an execution on: steps, stores, sees to what follows
engine    what can be asked of executions
timeline  what happened, as people read it
"""

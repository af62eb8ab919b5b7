"""Who a patient may be: persons compared field by field, so that people are found under other spellings.

names      names as tokens without case, accents and order; nicknames
person     what is known of somebody, from a FHIR Patient or from what was asked
keys       what the read model looks persons up by
matching   two persons → a score, a grade, and the reasons; the weights are a table
"""

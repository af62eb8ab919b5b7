"""Whether a patient is covered: a question asked by X12 270 or FHIR, and the answer to either in the same plain words.

`inquiry` is what is asked, `answer` what was answered and what it means; `x12_question`, `x12_answer`,
`fhir_question` and `fhir_answer` are the two ways they travel.
"""

"""Prior authorisation by X12 278 (005010X217): `application` is what is asked, `answer` what the payer decided.

`x12_request` makes the request, `x12_answer` reads the response.
"""

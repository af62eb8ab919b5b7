"""Subscriptions (FHIR R4, section 2.46): who is told by REST hook when a resource meets a search.

channel     a Subscription read: its criteria, where it goes, and all that is wrong with it
headers     the values of its channel's headers, kept sealed in a stream of their own
keeping     what becomes of a Subscription when it is written: checked, activated, its headers taken out
notifying   from an event to deliveries, and from a delivery to the request
"""

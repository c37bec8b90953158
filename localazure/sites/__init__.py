"""The hosts of Function Apps and Web Apps: what they accept, and what refuses the rest.

A request meets, in this order, App Service's front end (`front_end`), its built-in authentication
(`easy_auth`) and the Functions host (`functions_host`). `delivery.deliver` is the way in; no
function's own code runs here.
"""

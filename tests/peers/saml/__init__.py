"""SAML identity providers: forge.py writes any response, good or evil; ssp.py runs simplesamlphp."""

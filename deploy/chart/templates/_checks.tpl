{{/*
Refuses values that the schema can't judge, each with a sentence that says what to do. Prints nothing. What a cluster has
is asked only if there is one: `helm template` and GitOps tools have none.
*/}}
{{- define "oauth-registrar.checks" -}}
{{- include "oauth-registrar.checks.values" . -}}
{{- if lookup "v1" "Namespace" "" "kube-system" -}}
{{- include "oauth-registrar.checks.cluster" . -}}
{{- end -}}
{{- end -}}

{{- define "oauth-registrar.checks.values" -}}
{{- with .Values -}}
{{- if and .image.digest (not (regexMatch "^sha256:[0-9a-f]{64}$" .image.digest)) -}}
{{- fail (printf "image.digest is %q, and no digest: write sha256: and 64 hexadecimal digits, as your registry shows it." .image.digest) -}}
{{- end -}}
{{- if not (or .image.digest .image.tag) -}}
{{- fail "image has neither tag nor digest: set image.digest, or image.tag." -}}
{{- end -}}
{{- if contains "@" .image.repository -}}
{{- fail "image.repository has an @: write what follows it into image.digest." -}}
{{- end -}}
{{- if ne (len .namespaces) (len (uniq .namespaces)) -}}
{{- fail (printf "namespaces has a namespace twice: %s. Name each once." (join ", " .namespaces)) -}}
{{- end -}}
{{- range .namespaces -}}
{{- if not (regexMatch "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$" .) -}}
{{- fail (printf "namespaces has %q, and no namespace can have that name. Patterns are not supported: name each namespace." .) -}}
{{- end -}}
{{- end -}}
{{- range concat .egress.allowAddresses .egress.refuseAddresses .networkPolicy.apiServer.cidrs -}}
{{- include "oauth-registrar.checks.cidr" . -}}
{{- end -}}
{{- range .egress.authorizationServers -}}
{{- include "oauth-registrar.checks.cidr" .cidr -}}
{{- end -}}
{{- with .documents -}}
{{- if and .enabled (not (concat .baseUrls .namespacedBaseUrls)) -}}
{{- fail "documents.enabled is true, and there is no base URL, so no document could be served: set documents.baseUrls, such as https://clients.example.com." -}}
{{- end -}}
{{- if and .enabled $.Values.namespaces (not .namespacedBaseUrls) -}}
{{- fail "documents.enabled is true, and namespaces lists namespaces, where there are AuthorizationServers alone: set documents.namespacedBaseUrls, such as https://clients.example.com." -}}
{{- end -}}
{{- if and .enabled (not (regexMatch "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$" (include "oauth-registrar.documentsNamespace" $))) -}}
{{- fail (printf "documents would be in namespace %q, and no namespace can have that name: set documents.namespace." (include "oauth-registrar.documentsNamespace" $)) -}}
{{- end -}}
{{- if and .enabled (has (include "oauth-registrar.documentsNamespace" $) (append $.Values.namespaces $.Release.Namespace)) -}}
{{- fail (printf "documents.namespace is %s, where Secrets or objects of tenants are: name a namespace for documents alone." (include "oauth-registrar.documentsNamespace" $)) -}}
{{- end -}}
{{- if and (not .enabled) (or .httpRoute.enabled .ingress.enabled) -}}
{{- fail "documents.httpRoute or documents.ingress is enabled, and documents.enabled is false, so there would be nothing behind it: set documents.enabled=true." -}}
{{- end -}}
{{- if and .httpRoute.enabled (not .httpRoute.parentRefs) -}}
{{- fail "documents.httpRoute has no parentRefs, so no Gateway would serve it: name yours, such as [{name: public, namespace: gateways}]." -}}
{{- end -}}
{{- range concat .baseUrls .namespacedBaseUrls -}}
{{- if or (gt (len .) 60) (not (regexMatch "^https://[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(/[a-z0-9._~-]+)*$" .)) -}}
{{- fail (printf "%q is no base URL of documents: write https://host or https://host/path in lower case, with at most 60 characters and without / at its end." .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- include "oauth-registrar.checks.tenantPolicies" .tenantPolicies -}}
{{- if and .podMonitor.enabled .metrics.authentication (not .metrics.tokenSecret.name) -}}
{{- fail "podMonitor can't send the token that metrics.authentication asks for: name its Secret in metrics.tokenSecret.name, or use serviceMonitor." -}}
{{- end -}}
{{- if and .metrics.tokenSecret.name (not .metrics.authentication) -}}
{{- fail "metrics.tokenSecret is set, and metrics.authentication is false, so nobody would ask for the token: set metrics.authentication=true." -}}
{{- end -}}
{{- if and .serviceMonitor.enabled .podMonitor.enabled -}}
{{- fail "serviceMonitor and podMonitor are both enabled, and everything would be counted twice: disable one." -}}
{{- end -}}
{{- end -}}
{{- if has .Release.Namespace .Values.namespaces -}}
{{- fail (printf "namespaces has %s, the operator's own namespace: choose another namespace for the release, so that tenants can't read registration Secrets." .Release.Namespace) -}}
{{- end -}}
{{- if and .Values.finalizerPolicy.enabled (semverCompare "<1.36.0-0" .Capabilities.KubeVersion.Version) -}}
{{- fail (printf "finalizerPolicy needs Kubernetes 1.36, and this is %s: set finalizerPolicy.enabled=false. The operator then adds the finalizer itself." .Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- if and .Values.namespaces (not (include "oauth-registrar.clusterId" .)) -}}
{{- fail "namespaces needs clusterId, because the operator then can't read it. Set clusterId to what this prints: kubectl get namespace kube-system -o jsonpath={.metadata.uid}" -}}
{{- end -}}
{{- if and .Values.networkPolicy.enabled (not (include "oauth-registrar.apiServer" .)) -}}
{{- fail "networkPolicy needs the API server's addresses, else the operator could not reach it. Set networkPolicy.apiServer.cidrs to those that these print, each with /32: kubectl get service kubernetes -n default -o jsonpath={.spec.clusterIPs}; kubectl get endpointslice kubernetes -n default -o jsonpath={.endpoints[*].addresses}" -}}
{{- end -}}
{{- end -}}

{{- define "oauth-registrar.checks.tenantPolicies" -}}
{{- if and .bounds (not .enabled) -}}
{{- fail "tenantPolicies.bounds is set, and tenantPolicies.enabled is false, so nothing would be bounded: set tenantPolicies.enabled=true." -}}
{{- end -}}
{{- range $namespace, $bounds := .bounds -}}
{{- if not (regexMatch "^(_default|[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)$" $namespace) -}}
{{- fail (printf "tenantPolicies.bounds has %q, and no namespace can have that name: name a namespace, or _default for all others." $namespace) -}}
{{- end -}}
{{- range $bound, $words := $bounds -}}
{{- range $word := $words -}}
{{- if not (regexMatch "^[^\\s]+$" $word) -}}
{{- fail (printf "tenantPolicies.bounds.%s.%s has %q, which is empty or has white space: list each word by itself." $namespace $bound $word) -}}
{{- end -}}
{{- if and (eq $bound "servers") (not (regexMatch "^(Cluster)?AuthorizationServer/([a-z0-9]([a-z0-9.-]*[a-z0-9])?|[*])$" $word)) -}}
{{- fail (printf "tenantPolicies.bounds.%s.servers has %q, which is no server: write ClusterAuthorizationServer/NAME or AuthorizationServer/NAME, with * as NAME for all of the kind." $namespace $word) -}}
{{- end -}}
{{- if and (eq $bound "redirectHosts") (not (regexMatch "^([*][.])?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$|^[[][0-9A-Fa-f:.]+[]]$" $word)) -}}
{{- fail (printf "tenantPolicies.bounds.%s.redirectHosts has %q, which is no host: write shop.example.com, or *.example.com for all hosts below it, without scheme, port and path." $namespace $word) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "oauth-registrar.checks.cidr" -}}
{{- if not (regexMatch "^([0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*/[0-9]{1,3})$" .) -}}
{{- fail (printf "%q is not a range of addresses: write a CIDR, such as 10.0.0.0/8, or 192.0.2.7/32 for one address." .) -}}
{{- end -}}
{{- end -}}

{{- define "oauth-registrar.checks.cluster" -}}
{{- if not .Values.crds.enabled -}}
{{- if not (lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" "oauthclients.oauth-registrar.dev") -}}
{{- fail "The cluster has no definitions of oauth-registrar.dev, and crds.enabled is false: set crds.enabled=true, or install the release that has them first." -}}
{{- end -}}
{{- end -}}
{{- if not .Values.shared.enabled -}}
{{- if not (lookup "admissionregistration.k8s.io/v1" "ValidatingAdmissionPolicy" "" "oauth-registrar-guard") -}}
{{- fail "The cluster has no policy oauth-registrar-guard, and shared.enabled is false: set shared.enabled=true, or install the release that has it first." -}}
{{- end -}}
{{- end -}}
{{- if and .Values.tenantPolicies.enabled (not .Values.shared.enabled) -}}
{{- if not (lookup "admissionregistration.k8s.io/v1" "ValidatingAdmissionPolicy" "" "oauth-registrar-tenants") -}}
{{- fail "tenantPolicies is enabled, the cluster has no policy oauth-registrar-tenants, and shared.enabled is false: set tenantPolicies.enabled=true in the release that has shared.enabled first." -}}
{{- end -}}
{{- end -}}
{{- $here := .Release.Namespace -}}
{{- $all := lookup "rbac.authorization.k8s.io/v1" "ClusterRoleBinding" "" "oauth-registrar" -}}
{{- range $all.subjects -}}
{{- if ne .namespace $here -}}
{{- fail (printf "The install in namespace %s serves all namespaces, so this one would serve them a second time: uninstall that one, or give it a list of namespaces." .namespace) -}}
{{- end -}}
{{- end -}}
{{- range $tenant := .Values.namespaces -}}
{{- if not (lookup "v1" "Namespace" "" $tenant) -}}
{{- fail (printf "namespaces has %s, and the cluster has no such namespace: create it first, or take it off the list." $tenant) -}}
{{- end -}}
{{- range (lookup "rbac.authorization.k8s.io/v1" "RoleBinding" $tenant "oauth-registrar").subjects -}}
{{- if ne .namespace $here -}}
{{- fail (printf "The install in namespace %s serves namespace %s already, and only one may: take it off one of the two lists." .namespace $tenant) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if not .Values.namespaces -}}
{{- range (lookup "rbac.authorization.k8s.io/v1" "RoleBinding" "" "").items -}}
{{- if eq .metadata.name "oauth-registrar-own" -}}
{{- if ne .metadata.namespace $here -}}
{{- fail (printf "The install in namespace %s serves some namespaces, so this one would serve them a second time: give this one a list of other namespaces, or uninstall that one." .metadata.namespace) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

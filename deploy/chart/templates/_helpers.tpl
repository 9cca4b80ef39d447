{{/*
What an install is called. An install for all namespaces has the names of the kustomize folder; one for listed namespaces
has names of its own for what is in no namespace, as deploy/overlays/listed-namespaces has.
*/}}
{{- define "oauth-registrar.prefix" -}}
{{- if not .Values.namespaces -}}
oauth-registrar
{{- else if hasPrefix "oauth-registrar" .Release.Namespace -}}
{{ .Release.Namespace }}
{{- else -}}
oauth-registrar-{{ .Release.Namespace }}
{{- end -}}
{{- end -}}

{{/* The operator's ClusterRole. */}}
{{- define "oauth-registrar.clusterRole" -}}
{{ include "oauth-registrar.prefix" . }}{{ if .Values.namespaces }}-operator{{ end }}
{{- end -}}

{{/* Namespace of documents of clients. Installs for listed namespaces have one each. */}}
{{- define "oauth-registrar.documentsNamespace" -}}
{{- with .Values.documents.namespace -}}
{{ . }}
{{- else -}}
{{ ternary (printf "%s-documents" .Release.Namespace) "oauth-registrar-documents" (gt (len .Values.namespaces) 0) }}
{{- end -}}
{{- end -}}

{{/* Labels of every object. */}}
{{- define "oauth-registrar.labels" -}}
{{- with .Values.commonLabels }}
{{- toYaml . }}
{{ end -}}
app.kubernetes.io/name: oauth-registrar
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "oauth-registrar.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else if .tag }}:{{ .tag }}{{ end }}
{{- end -}}
{{- end -}}

{{/*
Prints the objects of a file of files/, which is a copy of what kustomize applies.
  root     the chart's context
  file     path below files/
  tenant   put in place of the namespace "shop"; default: none
  documents  put in place of the namespace "oauth-registrar-documents"; default: none
  keep     whether `helm uninstall` leaves them; default: false
  kind     only objects of this kind; default: all
  without  names of objects that are left out; default: none
*/}}
{{- define "oauth-registrar.copy" -}}
{{- $root := .root -}}
{{- $text := $root.Files.Get (printf "files/%s" .file) -}}
{{- if not $text -}}
{{- fail (printf "The chart has no files/%s: fetch the chart again." .file) -}}
{{- end -}}
{{- $text = regexReplaceAll "oauth-registrar-(system|shop)\\b" $text $root.Release.Namespace -}}
{{- with .tenant -}}
{{- $text = regexReplaceAll "(?m)namespace: shop$" $text (printf "namespace: %s" .) -}}
{{- end -}}
{{- $documents := .documents -}}
{{- with .documents -}}
{{- $text = regexReplaceAll "(?m)(namespace|kubernetes.io/metadata.name): oauth-registrar-documents$" $text (printf "${1}: %s" .) -}}
{{- end -}}
{{- $keep := .keep -}}
{{- $kind := .kind -}}
{{- $without := .without | default list -}}
{{- range $document := regexSplit "(?m)^---\n" $text -1 -}}
{{- $object := fromYaml $document -}}
{{- if and $object.kind (or (not $kind) (eq $kind $object.kind)) (not (has $object.metadata.name $without)) }}
{{- $metadata := $object.metadata -}}
{{- if and $documents (eq $object.kind "Namespace") -}}
{{- $_ := set $metadata "name" $documents -}}
{{- end -}}
{{- $_ := set $metadata "labels" (merge (include "oauth-registrar.labels" $root | fromYaml) ($metadata.labels | default dict)) -}}
{{- if $keep -}}
{{- $_ := set $metadata "annotations" (merge (dict "helm.sh/resource-policy" "keep") ($metadata.annotations | default dict)) -}}
{{- end -}}
{{- include "oauth-registrar.rename" (dict "root" $root "object" $object) }}
---
{{ toYaml $object }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Gives an install for listed namespaces its own names for what is in no namespace. Prints nothing. */}}
{{- define "oauth-registrar.rename" -}}
{{- $role := include "oauth-registrar.clusterRole" .root -}}
{{- with .object -}}
{{- if and (eq .kind "ClusterRole") (eq .metadata.name "oauth-registrar") -}}
{{- $_ := set .metadata "name" $role -}}
{{- end -}}
{{- $apart := list "oauth-registrar-access-reviews" "oauth-registrar-metrics-reader" "oauth-registrar-rollout-restarts" -}}
{{- if and $.root.Values.namespaces (has .metadata.name $apart) (ne .kind "ValidatingAdmissionPolicyBinding") -}}
{{- $_ := set .metadata "name" (printf "%s-%s" (include "oauth-registrar.prefix" $.root) (trimPrefix "oauth-registrar-" .metadata.name)) -}}
{{- with .roleRef -}}
{{- $_ := set . "name" $.object.metadata.name -}}
{{- end -}}
{{- end -}}
{{- if and .roleRef (eq .roleRef.kind "ClusterRole") (eq .roleRef.name "oauth-registrar") -}}
{{- $_ := set .roleRef "name" $role -}}
{{- end -}}
{{- if and (eq .kind "ValidatingAdmissionPolicyBinding") $.root.Values.namespaces -}}
{{- /* Each install brings this policy: a right without its bound would be too much. */}}
{{- if eq .spec.policyName "oauth-registrar-rollout-restarts" -}}
{{- $_ := set .spec "policyName" (printf "%s-rollout-restarts" (include "oauth-registrar.prefix" $.root)) -}}
{{- end -}}
{{- /* These two judge objects of tenants, and another install serves other tenants. */}}
{{- if has .metadata.name (list "oauth-registrar-writers-status" "configmap-oauth-registrar-tenants") -}}
{{- $listed := dict "key" "kubernetes.io/metadata.name" "operator" "In" "values" $.root.Values.namespaces -}}
{{- $_ := set .spec "matchResources" (merge (dict "namespaceSelector" (dict "matchExpressions" (list $listed))) (.spec.matchResources | default dict)) -}}
{{- end -}}
{{- $_ := set .metadata "name" (printf "%s-%s" (include "oauth-registrar.prefix" $.root) (trimPrefix "oauth-registrar-" .metadata.name)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The uid of kube-system: given, else looked up; empty where there is no cluster to ask. */}}
{{- define "oauth-registrar.clusterId" -}}
{{- $found := lookup "v1" "Namespace" "" "kube-system" -}}
{{- .Values.clusterId | default (dig "metadata" "uid" "" $found) -}}
{{- end -}}

{{/* The API server's addresses, one a line: given, else looked up. */}}
{{- define "oauth-registrar.apiServer" -}}
{{- $cidrs := .Values.networkPolicy.apiServer.cidrs -}}
{{- if not $cidrs -}}
{{- range (dig "spec" "clusterIPs" list (lookup "v1" "Service" "default" "kubernetes")) -}}
{{- $cidrs = append $cidrs (printf "%s/%s" . (ternary "128" "32" (contains ":" .))) -}}
{{- end -}}
{{- range (lookup "discovery.k8s.io/v1" "EndpointSlice" "default" "kubernetes").endpoints -}}
{{- range .addresses -}}
{{- $cidrs = append $cidrs (printf "%s/%s" . (ternary "128" "32" (contains ":" .))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $cidrs | uniq | join "\n" -}}
{{- end -}}

{{/* The operator's flags, a YAML list. */}}
{{- define "oauth-registrar.args" -}}
- --leader-elect
- --namespace=$(POD_NAMESPACE)
- --identity=$(POD_NAME)
- --journal-dir=/var/run/oauth-registrar
- --assertion-account
- oauth-registrar-assertion
{{- with .Values.assertionAudiences }}
- {{ printf "--assertion-audiences=%s" (join "," .) | quote }}
{{- end }}
{{- with .Values.namespaces }}
- {{ printf "--namespaces=%s" (join "," .) | quote }}
- {{ printf "--cluster-id=%s" (include "oauth-registrar.clusterId" $) | quote }}
{{- end }}
{{- if ne .Values.logLevel "info" }}
- --log-level={{ .Values.logLevel }}
{{- end }}
{{- with .Values.installation }}
- {{ printf "--installation=%s" . | quote }}
{{- end }}
{{- with .Values.clusterName }}
- {{ printf "--cluster-name=%s" . | quote }}
{{- end }}
{{- with .Values.boundToKinds }}
{{- $kinds := list -}}
{{- range . -}}
{{- $kinds = append $kinds (printf "%s.%s%s/%s" .resource .version (ternary (printf ".%s" .group) "" (ne .group "")) .kind) -}}
{{- end }}
- {{ printf "--bound-to-kinds=%s" (join "," $kinds) | quote }}
{{- end }}
{{- if .Values.rolloutRestarts.enabled }}
- --rollout-restarts
{{- end }}
{{- with .Values.egress }}
{{- if .allowHttp }}
- --allow-http
{{- end }}
{{- range $flag, $list := dict "allow-addresses" .allowAddresses "refuse-addresses" .refuseAddresses "namespaced-server-hosts" .namespacedServerHosts }}
{{- with $list }}
- {{ printf "--%s=%s" $flag (join "," .) | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- if .Values.inventory.enabled }}
- --inventory
{{- end }}
{{- with .Values.documents }}
{{- if .enabled }}
- --documents-namespace={{ include "oauth-registrar.documentsNamespace" $ }}
{{- range $flag, $list := dict "document-base-urls" .baseUrls "namespaced-document-base-urls" .namespacedBaseUrls }}
{{- with $list }}
- {{ printf "--%s=%s" $flag (join "," .) | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.metrics }}
{{- if .authentication }}
- --metrics-authentication
{{- end }}
{{- if .tlsSecret }}
- --tls-cert-file=/etc/oauth-registrar/tls/tls.crt
- --tls-private-key-file=/etc/oauth-registrar/tls/tls.key
{{- end }}
{{- end }}
{{- with .Values.extraArgs }}
{{ toYaml . }}
{{- end }}
{{- end -}}

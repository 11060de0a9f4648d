{{- define "cairn.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "cairn.url" -}}
{{ if .Values.ingress.tlsSecret }}https{{ else }}http{{ end }}://{{ .Values.ingress.host }}
{{- end }}

{{/* What every service reads of its environment. */}}
{{- define "cairn.environment" -}}
- { name: CAIRN_KAFKA_BROKERS, value: {{ required "kafka.brokers must name the brokers" .Values.kafka.brokers | quote }} }
- { name: CAIRN_KAFKA_TLS, value: {{ .Values.kafka.tls | quote }} }
{{- with .Values.kafka.existingSaslSecret }}
- name: CAIRN_KAFKA_SASL
  valueFrom: { secretKeyRef: { name: {{ . }}, key: sasl } }
{{- end }}
{{- with .Values.kafka.replicationFactor }}
- { name: CAIRN_KAFKA_REPLICATION_FACTOR, value: {{ . | quote }} }
{{- end }}
- name: CAIRN_CLICKHOUSE_URL
  valueFrom: { secretKeyRef: { name: {{ required "clickhouse.existingSecret must name a secret with the key url" .Values.clickhouse.existingSecret }}, key: url } }
- { name: CAIRN_LOG_LEVEL, value: {{ .Values.logLevel | quote }} }
{{- with .Values.webhookAllow }}
- { name: CAIRN_WEBHOOK_ALLOW, value: {{ . | quote }} }
{{- end }}
{{- if or .Values.allowedOrigins .Values.ingress.enabled }}
- { name: CAIRN_ALLOWED_ORIGINS, value: {{ compact (list (ternary (include "cairn.url" .) "" .Values.ingress.enabled) .Values.allowedOrigins) | join "," | quote }} }
{{- end }}
{{- with .Values.otlpEndpoint }}
- { name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }} }
{{- end }}
{{- end }}

{{/* For the orchestrator alone: nobody else opens webhook secrets. */}}
{{- define "cairn.secretKey" -}}
- name: CAIRN_SECRET_KEY
  valueFrom: { secretKeyRef: { name: {{ required "secretKey.existingSecret must name a secret with the key secret-key" .Values.secretKey.existingSecret }}, key: secret-key } }
{{- end }}

{{- define "cairn.security" -}}
runAsNonRoot: true
runAsUser: 1000
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
seccompProfile: { type: RuntimeDefault }
{{- end }}

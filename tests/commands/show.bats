#!/usr/bin/env bats
# ctlsign show: what people and programs are told of a list.
#
# Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
# shellcheck disable=SC2154  # stderr and output are set by bats' run

load fixtures

setup_file() {
  commands_setup_file
  make_sasts sast1 sast2
  make_servers pub
  borrow server "$K/capf" "$K/ca"
  cert_capf "$K/capf" e41e7d87
  cert_make "$K/ec" p256 /CN=ec
  cert_ca "$K/ca" 2048 '/O=Cisco Systems/CN=Cisco Manufacturing CA'
  cert_sast "$K/token" 0054f509 "$K/ca"
}

setup() {
  commands_setup
}

# shown FILE...: show succeeds, with its text in $output.
shown() {
  ctlsign show "$@"
  assert_success
  refute_stderr
}

# assert_in_order LINE...: these lines stand in the output, one after the other.
assert_in_order() {
  local line
  while IFS= read -r line && [[ $# -gt 0 ]]; do
    [[ $line != "$1" ]] || shift
  done <<<"$output"
  [[ $# -eq 0 ]] || { show_run; fail "missing, or out of order: $1"; }
}

# Tag and length of each row of the tables, containers left out: CUCM shows them otherwise.
table_rows() {
  awk '/^Summary/ { exit }
    /^[0-9]/ && $1 ~ /^[0-9]+$/ && $2 ~ /^[A-Z]+$/ && NF >= 3 && $2 !~ /INFO$|SIGNERID|PADDING/ {
    print $1 ":" $3 }' <<<"$output"
}

@test "checksums and length are those of the file" {
  build_with sast1 CTLFile.tlv
  shown CTLFile.tlv
  assert_line "The checksum value of the CTL file:"
  assert_line "$(md5sum <CTLFile.tlv | cut -d' ' -f1)(MD5)"
  assert_line "$(sha1sum <CTLFile.tlv | cut -d' ' -f1)(SHA1)"
  assert_line "Length of CTL file: $(stat -c %s CTLFile.tlv)"
  touch -d '2024-02-29 23:59:58 UTC' CTLFile.tlv
  shown CTLFile.tlv
  assert_line "The CTL File was last modified on 2024-02-29 23:59:58 UTC"
  TZ=Asia/Tokyo shown CTLFile.tlv
  assert_line "The CTL File was last modified on 2024-03-01 08:59:58 JST"
}

@test "the parts stand in CUCM's order" {
  build_with sast1 CTLFile.tlv
  shown CTLFile.tlv
  assert_in_order "The checksum value of the CTL file:" "" "Parse CTL File" "----------------" \
    "Version:        1.2" "" "BYTEPOS TAG               LENGTH VALUE" \
    "------- ---               ------ -----" "" "CTL Record #:1" "          ----" \
    "BYTEPOS TAG               LENGTH VALUE" "This etoken was used to sign the CTL file." \
    "CTL Record #:2" "BYTEPOS TAG               LENGTH VALUE" \
    "This etoken was not used to sign the CTL file." "CTL Record #:3" "Summary" \
    "Entries:        3, SAST among them: 2" "The CTL file was verified successfully."
  refute_line --partial "Record #:4"
  assert_equal "${output##*$'\n'}" "The CTL file was verified successfully."
}

@test "the tables have every element with its length" {
  build_with sast1 CTLFile.tlv --signer-version 1.1 --capf "$K/ec.pem"
  shown CTLFile.tlv
  local rows
  rows=$(table_rows)
  independent CTLFile.tlv
  assert_equal "$rows" "$(jq -r '(.header, .records[]) | .elements[] |
    select(.name | . != "signer-id" and . != "signature-info" and . != "signature-algorithm-info"
      and . != "version" and . != "header-length") | "\(.tag):\(.length)"' <<<"$output")"
  shown CTLFile.tlv
  assert_line --regexp "^HeaderLength:   [0-9]+ \(BYTES\)$"
  assert_line --regexp "^28 +SIGNERVERSION +2 1\.1$"
  assert_line "3       SIGNERID               2 83"
  assert_line "7       SIGNATUREINFO          2 15"
  assert_line --regexp "^8 +DIGESTALGORITHM +1 SHA-512 \(3\)$"
  assert_line --regexp "^15 +TIMESTAMP +4 2023-11-14 22:13:20 UTC$"
  assert_line --regexp "^10 +IPADDRESS +4 10\.1\.2\.3$"
  assert_line --regexp "^7 +PUBLICKEY +65 EC P-256$"
  assert_line --regexp "^4 +FUNCTION +2 System Administrator Security Token$"
}

@test "a certificate is shown by its SHA1 fingerprint and its dates" {
  build_with sast1 CTLFile.tlv
  shown CTLFile.tlv
  local hash
  hash=$(openssl x509 -in "$K/pub.pem" -noout -fingerprint -sha1)
  hash=${hash#*=}
  hash=${hash//:/ }
  assert_line --regexp "^9 +CERTIFICATE +$(stat -c %s "$K/pub.der") ${hash:0:29}$"
  assert_line --regexp "^ +${hash:30} \(SHA1 Hash HEX\)$"
  assert_line --regexp "^ +valid until $(date -u -d "$(openssl x509 -in "$K/pub.pem" -noout -enddate |
    cut -d= -f2)" '+%Y-%m-%d %H:%M:%S UTC')$"
}

@test "an expired certificate, and one that is not valid yet, are marked" {
  borrow server old new
  cert_expired ./old old.lab
  cert_future ./new new.lab
  ctlsign build -o out.tlv --sign-with "$K/sast1.key" --sast "$K/sast1.pem" --sast "$K/sast2.pem" \
    --ccm old.pem,dns=old.lab --ccm new.pem,dns=new.lab
  shown out.tlv
  assert_line --regexp '^ +valid until 2015-01-01 00:00:00 UTC \(EXPIRED\)$'
  assert_line --regexp '^ +valid from  2120-01-01 00:00:00 UTC \(NOT YET\)$'
  assert_line --regexp '^3 +CCM +old\.lab +2015-01-01 +EXPIRED$'
  assert_line --regexp '^4 +CCM +new\.lab +2125-01-01 +NOT YET$'
}

@test "usual names fit into 80 columns, wrapped between their parts" {
  borrow server itl
  cert_itl_recovery ./itl cucm-pub.example.com
  build_with sast1 out.tlv --sast "$K/token.pem" --sast itl.pem --capf "$K/capf.pem"
  shown out.tlv
  assert_equal "$(awk 'length($0) > 80' <<<"$output")" ""
  assert_in_order \
    "3       SUBJECTNAME           79 CN=ITLRECOVERY_cucm-pub.example.com;OU=TAC;" \
    "                                 O=Cisco;L=Krakow;ST=Malopolska;C=PL"
  assert_equal "$(awk '/[ \t]$/' <<<"$output")" ""
}

@test "--json has all keys with their types" {
  build_with sast1 CTLFile.tlv
  shown --json CTLFile.tlv
  assert_json 'keys_unsorted | join(" ")' "file length md5 sha1 sha256 version header_length \
signer_version signer digest filename timestamp verified records"
  assert_json '[.[] | type] | join(" ")' "string number string string string string number null \
object string string string boolean array"
  assert_json '.signer | keys_unsorted | join(" ")' "subject issuer serial"
  assert_json '.records[0] | keys_unsorted | join(" ")' "number length role dns ip subject issuer \
serial public_key_length signature_length certificate signed_this_file"
  assert_json '[.records[0][] | type] | join(" ")' \
    "number number string string string string string string number number object boolean"
  assert_json '.records[0].certificate | keys_unsorted | join(" ")' \
    "length sha1 sha256 not_before not_after key"
  assert_json '[.records[0].certificate[] | type] | unique | join(" ")' "number string"
}

@test "--json has the file's facts" {
  build_with sast1 ITLFile.tlv --signer-version 1.0 --digest sha256 --filename ITLFile.tlv
  shown --json ./ITLFile.tlv
  assert_json .file ./ITLFile.tlv
  assert_json .length "$(stat -c %s ITLFile.tlv)"
  for hash in md5 sha1 sha256; do
    assert_json ".$hash" "$(${hash}sum <ITLFile.tlv | cut -d' ' -f1)"
  done
  assert_json '.version, .signer_version, .digest, .filename, .timestamp, .verified' \
    "1.2
1.0
sha256
ITLFile.tlv
2023-11-14T22:13:20Z
true"
  assert_json '.signer.subject' "CN=SAST1;OU=IPCBU;O=Lab;C=PL"
  assert_json '.records[2] | .number, .role, .dns, .ip, .signature_length, .public_key_length,
    .signed_this_file, .certificate.key' "3
CCM+TFTP
pub.lab
10.1.2.3
256
270
false
RSA-2048"
  assert_json '[.records[].signed_this_file] | map(tostring) | join(" ")' "true false false"
  local serial
  serial=$(cert_serial "$K/pub.pem" | tr a-f A-F | sed 's/../&:/g; s/:$//')
  assert_json '.records[2].serial' "$serial"
  assert_json '.records[2].certificate.sha256' "$(sha256sum <"$K/pub.der" | cut -d' ' -f1)"
  assert_json '.records[2].certificate.length' "$(stat -c %s "$K/pub.der")"
  assert_json '.header_length + ([.records[].length] | add) == .length' true
}

@test "in the summary SASTs of one server are told apart by their certificates' names" {
  cert_make "$K/recovery" 2048 /O=Lab/CN=ITLRECOVERY_pub.lab
  build_with pub out.tlv --sast "$K/pub.pem,dns=pub.lab,ip=10.1.2.3" \
    --sast "$K/recovery.pem,dns=pub.lab,ip=10.1.2.3"
  shown out.tlv
  assert_line --regexp '^[0-9]+ +SAST +pub.lab +[0-9-]+ +signer$'
  assert_line --regexp '^[0-9]+ +SAST +ITLRECOVERY_pub.lab +[0-9-]+$'
  assert_line --regexp '^[0-9]+ +CCM\+TFTP +pub.lab +'
}

@test "a file that does not verify: exit code 3, the reason, and all that is in it" {
  build_with sast1 out.tlv
  patch_byte out.tlv "$(($(stat -c %s out.tlv) - 1))"
  ctlsign show out.tlv
  assert_failure 3
  assert_line --regexp '^The CTL file could not be verified: the signature is wrong: .*[^.]\.$'
  refute_line --partial successfully
  assert_line "CTL Record #:3"
  refute_stderr
  ctlsign show --json out.tlv
  assert_failure 3
  refute_stderr
  assert_json '.verified, (.records | length)' $'false\n3'
}

@test "the ITL is called so" {
  build_with sast1 ITLFile.tlv --filename ITLFile.tlv
  shown ITLFile.tlv
  assert_line "The checksum value of the ITL file:"
  assert_line "The ITL file was verified successfully."
  refute_line --partial "CTL"
}

@test "a missing file: length 0, not found, as CUCM says it" {
  ctlsign show nothere.tlv
  assert_failure 1
  assert_output $'Length of CTL file: 0\nCTL File not found.'
  assert_stderr "ctlsign: nothere.tlv: cannot open the file: No such file or directory"
  refused 1 '^ctlsign: nothere.tlv: cannot open' show --json nothere.tlv
}

@test "what is no list: one line with the place" {
  mkdir folder.tlv
  mkfifo fifo.tlv
  : >empty.tlv
  head -c 4096 /dev/urandom >garbage.tlv
  head -c 5000000 /dev/zero >large.tlv
  build_with sast1 whole.tlv
  head -c 3000 whole.tlv >cut.tlv
  for file in folder fifo empty garbage large cut; do
    refused 1 "^ctlsign: $file.tlv: " show "$file.tlv"
    refused 1 "^ctlsign: $file.tlv: " show "$file.tlv" --json
  done
  refused 1 '^ctlsign: cut\.tlv: offset [0-9]+: record 2 runs [0-9]+ bytes past .*; the file is cut '\
'off or damaged: fetch it again$' show cut.tlv
  refused 1 '^ctlsign: empty\.tlv: not a trust list: the file is empty; name a ' show empty.tlv
}

@test "hostile names reach neither the terminal nor break JSON" {
  local evil=$'\e[31mred\e[0m\r\nline\a\xff\xfe\u202e"\\x"'
  write_list cucm sast1 evil.tlv --file-name "$evil" --record SAST "$K/sast1.pem" dns="$evil" \
    subject="$evil" issuer="$evil" --record CCM "$K/pub.pem" dns="$evil" extra=200:1b5b41
  shown evil.tlv
  [[ $(tr -d '\n' <<<"$output") != *[[:cntrl:]]* ]]
  [[ $output != *$'\u202e'* ]]
  assert_line --partial '\x1B[31mred\x1B[0m\x0D\x0Aline\x07\xFF\xFE'
  iconv -f UTF-8 -t UTF-8 <<<"$output" >/dev/null
  shown --json evil.tlv
  assert_json '.filename == .records[0].dns and .records[0].dns == .records[0].issuer' true
  assert_json '.filename | startswith("\\x1B[31mred")' true
  cp evil.tlv $'name\e[1m.tlv'
  shown --json $'name\e[1m.tlv'
  assert_json .file 'name\x1B[1m.tlv'
  refused 1 '^ctlsign: none\\x1B\[1m: ' show --json $'none\e[1m'
}

@test "files of the community's tool" {
  for version in 1.0 1.1; do
    write_list community sast1 community.tlv --digest sha512 --signer-version "$version" \
      --record TVS "$K/ec.pem" --record SAST "$K/sast1.pem" --record CCM+TFTP "$K/pub.pem" ip=10.0.0.7
    shown --json community.tlv
    assert_json '.verified, .signer_version, .digest, .signer.subject' \
      $'true\n'"$version"$'\nsha512\nC=PL,O=Lab,OU=IPCBU,CN=SAST1'
    assert_json '[.records[] | .role, (.dns | tostring), (.ip | tostring)] | join(" ")' \
      "TVS null null SAST null null CCM+TFTP null 10.0.0.7"
  done
  shown community.tlv
  assert_in_order "4       SIGNERNAME            29 C=PL,O=Lab,OU=IPCBU,CN=SAST1" \
    "6       CANAME                29 C=PL,O=Lab,OU=IPCBU,CN=SAST1" "CTL Record #:1" \
    "This etoken was used to sign the CTL file." "The CTL file was verified successfully."
  assert_line --regexp '^1 +TVS +ec +20'
}

@test "files of the Windows CTL client: names with odd quotes, serials reversed" {
  local name='cn="SAST-ADN0054f509        ";ou=IPCBU;o="Cisco Systems' serial
  write_list windows token out.tlv --record SAST "$K/token.pem" subject="$name" \
    --record SAST "$K/sast2.pem" --record CCM+TFTP "$K/pub.pem" ip=10.48.47.153
  shown --json out.tlv
  assert_json '.verified, .records[0].subject, .records[2].dns, .records[2].signature_length' \
    "true"$'\n'"$name"$'\n'"10.48.47.153"$'\n'"0"
  serial=$(cert_serial "$K/token.pem" | tr a-f A-F | sed 's/../&\n/g' | tac | paste -sd: | sed 's/^://')
  assert_json '.records[0].serial, .signer.serial' "$serial"$'\n'"$serial"
  shown out.tlv
  assert_line "This etoken was used to sign the CTL file."
  refute_line --regexp '^8 +SIGNATURE '
}

@test "records of non-secure mode have no certificate" {
  write_list cucm sast1 out.tlv --record SAST "$K/sast1.pem" --record SAST "$K/sast2.pem" \
    --record CCM+TFTP "$K/pub.pem" dns=pub.lab ip=10.0.0.1 only=2,4,10
  shown --json out.tlv
  assert_json '.records[2] | .certificate, .subject, .serial, .public_key_length, .dns' \
    $'null\nnull\nnull\n0\npub.lab'
  shown out.tlv
  assert_line --regexp '^3 +CCM\+TFTP +pub\.lab +no certificate$'
}

@test "of very many records a thousand are shown, and counted in JSON" {
  build_with sast1 out.tlv
  "$PYTHON" -c 'import sys; sys.stdout.buffer.write(b"\1\0\2\0\5" * 200000)' >>out.tlv
  ctlsign show out.tlv
  assert_failure 3
  assert_line "... 199003 more records are not shown"
  assert_equal "$(grep -c '^CTL Record #:' <<<"$output")" 1000
  assert_equal "$(tail -n 1 <<<"$output" | cut -c1-36)" "The CTL file could not be verified: "
  [[ ${#output} -lt 300000 ]]
  # shellcheck disable=SC2016  # sh expands it
  run_split sh -c '"$1" show --json out.tlv | jq ".records | length"' sh "$CTLSIGN"
  assert_output 200003
}

@test "unknown elements and roles are shown as they are" {
  write_list cucm sast1 out.tlv --extra-header 99:cafe01 --record SAST "$K/sast1.pem" extra=200:beef \
    --record 130 "$K/pub.pem"
  shown out.tlv
  assert_line --regexp '^99 +\(unknown\) +3 CA FE 01$'
  assert_line --regexp '^200 +\(unknown\) +2 BE EF$'
  assert_line --regexp '^4 +FUNCTION +2 unknown \(130\)$'
  shown --json out.tlv
  assert_json '.records[1].role' 130
}

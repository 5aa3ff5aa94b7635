"""Street words of USPS Publication 28: suffixes (appendix C1), directionals, unit designators (appendix C2)."""

from typing import Final

_SUFFIXES: Final = """
aly allee alley ally | anx anex annex annx | arc arcade | ave av aven avenu avenue avn avnue | bayu bayou bayoo
bch beach | bnd bend | blf bluf bluff | blfs bluffs | btm bot bottm bottom | blvd boul boulevard boulv bvd boulavard
br brnch branch | brg brdge bridge | brk brook | brks brooks | bg burg | byp bypa bypas bypass byps | cp camp cmp
cyn canyn canyon cnyn | cpe cape | cswy causeway causwa | ctr cen cent center centr centre cnter cntr | ctrs centers
cir circ circl circle crcl crcle | cirs circles | clf cliff | clfs cliffs | clb club | cmn common | cmns commons
cor corner | cors corners | crse course | ct court crt | cts courts | cv cove | cvs coves | crk creek
cres crescent crsent crsnt cresent | crst crest | xing crossing crssng | xrd crossroad | xrds crossroads | curv curve
dl dale | dm dam | dv div divide dvd | dr driv drive drv | drs drives | est estate | ests estates
expy exp expr express expressway expw | ext extension extn extnsn | exts extensions | fall | fls falls
fry ferry frry | fld field | flds fields | flt flat | flts flats | frd ford | frds fords | frst forest forests
frg forg forge | frgs forges | frk fork | frks forks | ft fort frt | fwy freeway freewy frway frwy
gdn garden gardn grden grdn | gdns gardens grdns | gtwy gateway gatewy gatway gtway | gln glen | glns glens
grn green | grns greens | grv grov grove | grvs groves | hbr harb harbor harbour harbr hrbor | hbrs harbors
hvn haven | hts heights ht | hwy highway highwy hiway hiwy hway | hl hill | hls hills | holw hllw hollow hollows holws
inlt inlet | is island islnd | iss islands islnds | isle isles | jct jction jctn junction junctn juncton
jcts junctions jctns | ky key | kys keys | knl knol knoll | knls knolls | lk lake | lks lakes | land
lndg landing lndng | ln lane | lgt light | lgts lights | lf loaf | lck lock | lcks locks | ldg ldge lodg lodge
loop loops | mall | mnr manor | mnrs manors | mdw meadow | mdws meadows medows | mews | ml mill | mls mills
msn mission missn mssn | mtwy motorway | mt mount mnt | mtn mountain mntain mntn mountin mtin | mtns mountains mntns
nck neck | orch orchard orchrd | oval ovl | opas overpass | park prk | parks | pkwy parkway parkwy pkway pky pwy
pkwys parkways | pass | psge passage | path paths | pike pikes | pne pine | pnes pines | pl place | pln plain
plns plains | plz plaza plza | pt point | pts points | prt port | prts ports | pr prairie prr | radl radial rad radiel
ramp | rnch ranch ranches rnchs | rpd rapid | rpds rapids | rst rest | rdg rdge ridge | rdgs ridges
riv river rvr rivr | rd road | rds roads | rte route | row | rue | run | shl shoal | shls shoals | shr shore shoar
shrs shores shoars | skwy skyway | spg spring sprng spng | spgs springs sprngs spngs | spur spurs
sq square sqr sqre squ | sqs squares sqrs | sta station statn stn | stra stravenue strav straven stravn strvn strvnue
strm stream streme | st street strt str | sts streets | smt summit sumit sumitt | ter terr terrace tce
trwy throughway | trce trace traces | trak track tracks trk trks | trfy trafficway | trl trail trails trls
trlr trailer | tunl tunel tunls tunnel tunnl | tpke trnpk turnpike turnpk | upas underpass | un union | uns unions
vly valley vally vlly | vlys valleys | via viaduct vdct viadct | vw view | vws views
vlg villag village vill villg villiage | vlgs villages | vl ville | vis vist vista vst vsta | walk walks | wall
way wy | ways | wl well | wls wells | cct circuit | clse close cl | esp esplanade | pde parade
"""

SUFFIXES: Final = {
    word: words.split()[0]
    for line in _SUFFIXES.strip().splitlines()
    for words in line.split("|")
    for word in words.split()
}
"""Written street suffix to its standard abbreviation; the last four are Australian (benchmarks)."""

DIRECTIONALS: Final = {
    "n": "n", "no": "n", "north": "n", "s": "s", "so": "s", "south": "s", "e": "e", "east": "e", "w": "w", "west": "w",
    "ne": "ne", "northeast": "ne", "nw": "nw", "northwest": "nw", "se": "se", "southeast": "se", "sw": "sw",
    "southwest": "sw",
    "norte": "n", "sur": "s", "este": "e", "oeste": "w",
}  # fmt: skip

ORDINALS: Final = {
    "first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th", "sixth": "6th", "seventh": "7th",
    "eighth": "8th",
    "ninth": "9th", "tenth": "10th", "eleventh": "11th", "twelfth": "12th", "thirteenth": "13th", "fourteenth": "14th",
    "fifteenth": "15th",
}  # fmt: skip

PLACEHOLDER_ADDRESSES: Final = (
    "homeless", "no address", "no known address", "no fixed address", "no fixed abode", "nfa", "transient",
    "undomiciled", "unhoused",
    "general delivery", "gen delivery", "address unknown", "unknown address", "bad address", "incorrect address",
    "invalid address", "no street address",
    "moved", "moved left no address", "return mail", "returned mail", "mail returned", "undeliverable", "same",
    "same as above", "same as patient",
    "confidential", "address confidential", "do not mail", "test", "test address", "123 test st", "123 test street",
    "same address", "street", "address",
)  # fmt: skip
"""Addresses that say nobody knows where, or that too many people share."""

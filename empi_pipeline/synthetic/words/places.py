"""Towns with state, ZIP prefix, telephone area code, county and size, and the words of streets.

Towns, the first three digits of their ZIP codes (USPS), area codes (NANPA) and counties are public facts; sizes are
rounded to what a share needs.
"""

from typing import Final

TOWNS: Final = """
oh columbus 432 614 franklin 90
oh cleveland 441 216 cuyahoga 37
oh cincinnati 452 513 hamilton 31
oh toledo 436 419 lucas 27
oh akron 443 330 summit 19
oh dayton 454 937 montgomery 14
oh parma 441 440 cuyahoga 8
oh canton 447 330 stark 7
oh youngstown 445 330 mahoning 6
oh lorain 440 440 lorain 6
oh hamilton 450 513 butler 6
oh springfield 455 937 clark 6
oh mansfield 449 419 richland 5
oh newark 430 740 licking 5
oh lima 458 419 allen 4
oh marion 433 740 marion 4
oh zanesville 437 740 muskingum 3
oh athens 457 740 athens 2
oh chillicothe 456 740 ross 2
oh sandusky 448 419 erie 3
in indianapolis 462 317 marion 88
in fort_wayne 468 260 allen 26
in evansville 477 812 vanderburgh 12
in south_bend 466 574 st._joseph 10
in muncie 473 765 delaware 7
in terre_haute 478 812 vigo 6
in gary 464 219 lake 7
in richmond 473 765 wayne 4
in bloomington 474 812 monroe 8
in columbus 472 812 bartholomew 5
ky louisville 402 502 jefferson 62
ky lexington 405 859 fayette 32
ky bowling_green 421 270 warren 7
ky covington 410 859 kenton 4
ky florence 410 859 boone 3
ky owensboro 423 270 daviess 6
ky ashland 411 606 boyd 2
pa pittsburgh 152 412 allegheny 30
pa erie 165 814 erie 10
pa philadelphia 191 215 philadelphia 160
wv charleston 253 304 kanawha 5
wv huntington 257 304 cabell 5
wv wheeling 260 304 ohio 3
mi detroit 482 313 wayne 64
mi grand_rapids 495 616 kent 20
mi ann_arbor 481 734 washtenaw 12
ny new_york 100 212 new_york 160
ny brooklyn 112 718 kings 260
ny buffalo 142 716 erie 26
ny rochester 146 585 monroe 21
ca los_angeles 900 213 los_angeles 390
ca san_diego 921 619 san_diego 140
ca san_jose 951 408 santa_clara 100
ca fresno 937 559 fresno 54
ca sacramento 958 916 sacramento 52
tx houston 770 713 harris 230
tx san_antonio 782 210 bexar 145
tx dallas 752 214 dallas 130
tx austin 787 512 travis 96
tx el_paso 799 915 el_paso 68
fl jacksonville 322 904 duval 95
fl miami 331 305 miami-dade 44
fl tampa 336 813 hillsborough 39
fl orlando 328 407 orange 31
fl naples 341 239 collier 10
il chicago 606 312 cook 270
il springfield 627 217 sangamon 11
il rockford 611 815 winnebago 15
ga atlanta 303 404 fulton 50
ga savannah 314 912 chatham 15
nc charlotte 282 704 mecklenburg 88
nc raleigh 276 919 wake 47
tn nashville 372 615 davidson 69
tn memphis 381 901 shelby 63
tn knoxville 379 865 knox 19
va richmond 232 804 richmond_city 23
va norfolk 235 757 norfolk_city 24
md baltimore 212 410 baltimore_city 58
dc washington 200 202 district_of_columbia 69
ma boston 021 617 suffolk 67
ma worcester 016 508 worcester 20
ct hartford 061 860 hartford 12
nj newark 071 973 essex 31
nj jersey_city 073 201 hudson 29
ri providence 029 401 providence 19
nh manchester 031 603 hillsborough 11
me portland 041 207 cumberland 7
vt burlington 054 802 chittenden 4
sc columbia 292 803 richland 14
al birmingham 352 205 jefferson 20
ms jackson 392 601 hinds 15
la new_orleans 701 504 orleans 38
ar little_rock 722 501 pulaski 20
mo kansas_city 641 816 jackson 51
mo st._louis 631 314 st._louis_city 30
ia des_moines 503 515 polk 21
mn minneapolis 554 612 hennepin 43
mn st._paul 551 651 ramsey 31
wi milwaukee 532 414 milwaukee 57
wi madison 537 608 dane 27
nd fargo 581 701 cass 12
sd sioux_falls 571 605 minnehaha 19
ne omaha 681 402 douglas 49
ks wichita 672 316 sedgwick 40
ok oklahoma_city 731 405 oklahoma 68
ok tulsa 741 918 tulsa 41
co denver 802 303 denver 71
co colorado_springs 809 719 el_paso 48
nm albuquerque 871 505 bernalillo 56
nm gallup 873 505 mckinley 4
az phoenix 850 602 maricopa 160
az tucson 857 520 pima 54
ut salt_lake_city 841 801 salt_lake 20
nv las_vegas 891 702 clark 64
id boise 837 208 ada 24
mt billings 591 406 yellowstone 12
wy cheyenne 820 307 laramie 6
wa seattle 981 206 king 74
wa spokane 992 509 spokane 23
or portland 972 503 multnomah 65
hi honolulu 968 808 honolulu 35
ak anchorage 995 907 anchorage 29
de wilmington 198 302 new_castle 7
pr san_juan 009 787 san_juan 34
"""
"""State, town, first three digits of its ZIP codes, area code, county, ten thousands of people (Columbus: 90)."""

VILLAGES: Final = tuple(
    part.split()
    for part in (
        """ash beaver bel bridge cedar clear clin cold deer east elm fair farm forest glen green grove hart
        haw high hill king lake lex lin mapl mar mid mill mon mount new north oak oxf pine plain pleas
        river rock rose salem sand shel silver spring stock stone sun union wal water well west white wil
        win wood york""",
        """bridge bury brook burg burgh city creek dale field ford grove ham haven heights hill hurst land
        ley mont point port ridge side springs stead ton vale view ville wood""",
    )
)
"""Beginnings and endings of the names of small places; each lies near a town of the list and shares its ZIP prefix."""

STREETS: Final = """
main oak maple park washington pine cedar elm walnut lake hill church river jackson lincoln spring ridge jefferson
highland franklin adams chestnut madison sunset mill johnson dogwood hickory willow cherry jones meadow forest
center valley college clark union liberty smith taylor broadway locust grant fairview poplar laurel court school spruce
woodland railroad lee sycamore birch davis hillcrest monroe sunrise market williams miller pleasant lakeview prospect
williamson rosewood cambridge magnolia jackson_hill green_valley country_club old_mill martin_luther_king st._clair
county_line dayton cleveland columbus harrison garfield mckinley roosevelt wilson kennedy colonial summit linden
beech aspen hawthorne juniper persimmon orchard vineyard harvest wheatfield stonebridge fox_run deer_creek quail_hollow
heritage plantation arrowhead cherokee seneca mohawk delaware huron erie michigan superior ontario front water
bridge canal dock ferry wall commerce industrial airport depot cemetery chapel abbey priory windsor essex sussex kent
york bristol oxford devon sherwood nottingham lancaster canterbury brook creek pond bay harbor ocean beacon lighthouse
hilltop overlook crestview ridgewood brookside riverside lakeside parkside woodside northside eastview westgate
southgate northgate meadowbrook springdale glendale oakdale ferndale rosedale lynn carol judith betty marie shirley
"""

STREET_TYPES: Final = """
street st 30
avenue ave 19
road rd 13
drive dr 15
lane ln 7
court ct 5
boulevard blvd 3
circle cir 2
way way 2
place pl 2
terrace ter 1
parkway pkwy 1
trail trl 1
"""
"""In full, abbreviated (USPS Publication 28), share in percent (rounded)."""

DIRECTIONS: Final = (("north", "n"), ("south", "s"), ("east", "e"), ("west", "w"))
UNITS: Final = (("apartment ", "apt "), ("unit ", "unit "), ("#", "#"), ("suite ", "ste "), ("lot ", "lot "))

FACILITIES: Final = """
shady_oaks manor
golden_years care center
st._mary's nursing home
riverview rehabilitation
maple_grove village
good_samaritan residence
"""
"""Names that some systems write before an institution's address."""

MAIL_DOMAINS: Final = "example.com example.net example.org mail.example post.example".split()  # noqa: SIM905
"""Reserved for documentation (RFC 2606): nobody gets mail there."""

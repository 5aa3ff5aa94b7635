"""Given names that are forms of one another: nicknames, short forms, spellings and Spanish forms common in the US.

A name may stand in several sets ("chris" is short for christopher and for christine): two names are forms of one
another if they share a set. Plain knowledge, written for this project; a set is extended by adding a word to its line.
"""

from typing import Final

import pyarrow as pa

_SETS: Final = """
aaron ron ronnie
abigail abby abbie gail
abraham abe abram bram
adam ad addie
adelaide addie della heidi
adeline addie adela della
agnes aggie nessie inez
alan allan allen al
albert al bert bertie alberto beto
alejandro alex ale jandro
alexander alex al alec sandy xander sasha zander
alexandra alex sandra sandy lexi lexie sasha alexa ali alejandra
alexis alex lexi lexie
alfred al fred freddie alf alfredo
alice allie ali alicia elsie
alison allison allie ali
alonzo al lon lonnie alonso
alvin al vin
amanda mandy manda
amelia amy millie emilia mia
amy aimee
anastasia stacy stacey ana
andrea andi drea andie
andrew andy drew andre andres
angela angie angelina angel
ann anne anna annie nan nancy hannah ana anita
annabelle anna belle annie
annette anna annie nettie
anthony tony antonio anton
antoinette toni nettie
archibald archie
arlene arly lena
arnold arnie
arthur art artie arturo
ashley ash lee
augustus gus august augie agustin
augustine gus augie agustin
barbara barb barbie babs bobbie
bartholomew bart
beatrice bea trixie beatriz
benjamin ben benny benji benjy
bernard bernie barney
bernadette bernie detta
bertha bert bertie
bethany beth
beverly bev
bonnie bonny
bradford brad ford
bradley brad lee
brandon brand
bridget bridie biddy
calvin cal
cameron cam
candace candy candice
carl karl carlos charlie
carlos carlitos charlie
carlton carl
carol carole carrie lynn caroline carolyn
caroline carrie carol lynn carolyn carolina
cassandra cassie sandra sandy cass
catherine katherine kathryn cathryn catharine katharine cathy kathy kate katie kit kitty kay kat katrina catalina
cecilia cece celia cecily sissy
charles charlie chuck chas charley chaz carlos chip
charlotte charlie lottie char carlota
chester chet
cheryl sheryl cher sherry
christian chris
christina christine chris chrissy christy tina kristina kristine kris kristy crystal
christopher chris kit topher kris cristobal christoper
clarence clare
clark clarke
clayton clay
clement clem
clifford cliff
clifton cliff
clinton clint
constance connie
corey cory
cornelius neil connie corny
courtney court
crystal chris crissy
curtis curt kurt
cynthia cindy cyndi
dale dal
daniel dan danny
danielle dani danny
darlene darla
darrell darryl daryl darrel
david dave davey davy
dean deano
deborah debra deb debbie debby
delbert bert del
delores dolores dee lola lolly
dennis denny denis
derek derrick eric rick
desiree desi
diana diane dianne di dee
dominic dom nick dominick domingo
donald don donnie donny
donna dona
dorothy dot dottie dolly dorothea thea
douglas doug
duane dwayne dwain
dustin dusty
dwight ike
earl erle
edgar ed eddie
edith edie
edmund ed eddie ned ted
edna eddie
eduardo ed eddie lalo
edward ed eddie ted teddy ned eduardo
edwin ed eddie ned
eileen aileen
elaine lainey helen elena
eleanor elinor ellie nell nora lenora nellie elena
eli elias elijah
elijah eli lige
elizabeth elisabeth liz lizzie beth betty betsy bess bessie eliza libby lisa liza elsa elsie ella ellie isabel lizbeth
ella ellie
ellen ellie nell helen nellie
elliot eliot elliott
elmer elm
emanuel manny manuel emmanuel
emily em emma emmy millie emilia
emma em emmy
enrique henry rick quique
eric erik erick rick
ernest ernie ernesto
esteban steven
esther essie hester ester
ethan eth
eugene gene eugenio
eugenia gena genie jenny
eva eve evie
evan ev
evelyn evie eve lynn
everett ev
ezekiel zeke
faith fay faye
fernando fern nando
florence flo flora flossie
francis frank fran frankie francisco
frances fran fanny franny francine francisca
francisco frank pancho paco cisco
franklin frank frankie
frederick fred freddie freddy rick fritz fredrick federico
gabriel gabe
gabrielle gabby gabriella gabriela
gary gare garry
genevieve gen jenny eve
geoffrey jeffrey geoff jeff jeffery jeffry
george georgie jorge
georgia georgie georgina
gerald jerry gerry geraldo
geraldine gerry jerry
gertrude gert trudy gertie
gilbert gil bert gilberto
gladys glad
gloria glory
gordon gordy
grace gracie graciela
gregory greg gregg gregorio
gretchen margaret
guadalupe lupe
guillermo memo william
gwendolyn gwen wendy lynn
hannah hanna anna ann
harold hal harry
harriet hattie harry
harrison harry
harvey harv
hazel haze
heather heath
helen helena nell nellie lena ellen elena
henrietta hattie etta hetty
henry hank hal harry
herbert herb bert herbie
herman manny
hilary hillary
howard howie
hubert bert hugh
hugh hughie hugo
ida idella
irene rene
isaac ike zac isaak
isabella isabel isabelle bella belle izzy bel izabella
isaiah zay ike
jacob jake jacoby jakob
jacqueline jackie jacquelyn jacklyn jaclyn
james jim jimmy jamie jimmie jem
jamie james jaime
jane janie jan jean jeanne jenny joan juana
janet jan jenny
janice jan
jared jerry
jasmine jazz jas
jason jay jase
javier xavier javi
jean jeanne jeannie
jeanette jean jeannie nettie jeannette
jeffrey jeff geoff jeffery jeffry
jennifer jen jenny jenn jennie
jeremiah jerry jeremy
jeremy jerry jeremiah
jerome jerry
jessica jess jessie
jesse jess jessie
jesus chuy
joan joanie joanne jo
joanne joan jo joann joanna anne
joel joe
john jack johnny jon johnnie johnathan jonathan juan
jonathan jon john johnny nathan jonathon johnathan
jordan jordy jory
jose joe pepe joseph
joseph joe joey jos jody jose josef
josephine jo josie fina jody josefina
joshua josh
joyce joy
juan john johnny
juanita nita jane
judith judy jude judi
julia julie jules juliet juliana
julian jules julio
julie julia jules
justin jus
karen kari karin caren
karl carl
katherine kathryn catherine kate katie kathy kat kay kathleen kit kitty katy katelyn
kathleen kathy kath kay kate katie cathleen katherine
katelyn kate katie kaitlyn caitlin kaitlin caitlyn
keith keath
kelly kelley kellie
kenneth ken kenny kent
kevin kev
kimberly kim kimmy kimberley
kristen kris kristin kristy kirsten
kristina kristine kris kristy tina christina christine
kyle kylie
larry lawrence laurence
laura laurie lori lauren lora
lauren laurie ren laura
laurence lawrence larry lars lorenzo
lawrence laurence larry lon lorenzo
leah lee lea
leo leon lee
leonard leo len lenny leon leonardo
leroy roy lee
leslie les lesley
lester les
lewis louis lou lew
lillian lily lil lilly lilian liliana
linda lindy lynn lin
lindsay lindsey lin
lisa liza elizabeth
lloyd loyd
logan log
lois lou
loretta lori retta etta
lorraine lori rainie
louis lou louie lewis luis
louise lou lulu luisa eloise
lucas luke luc
lucille lucy lucia lou cille
lucia lucy
lucy lucia lucille lu
luis louis lou
luke lucas luc
luther lou
lydia lyddie
lynn lynne linda
mabel may
madeline maddie madelyn madison lena madeleine
madison maddie
marcus mark marc marcos marco
margaret maggie meg peggy marge margie margo greta peg madge rita daisy megan margarita maisie marguerite
maria mary marie mia
mariah mary
marian marianne mary ann
marie mary maria
marilyn mary lynn mari
marion mary
marjorie marge margie jorie
mark marc marcus
marlene marla lena
marsha marcia
martha marty mattie patty marta
martin marty mart martino
marvin marv
mary molly polly mae may maria marie mamie mimi
matilda tilly mattie tillie
matthew matt matty mat mateo mathew matthias
maureen mo reenie
maurice morris mo mauricio
maxine max
maximilian max maximiliano
maxwell max
megan meg meghan meagan
melanie mel
melinda mindy linda mel
melissa mel lissa missy lisa
melvin mel
mercedes sadie mercy
michael mike mick mickey mikey mitch micky miguel micheal mikel
michelle shelly mickey chelle shelley michele
miguel mike michael
mildred millie
miranda mandy randy
mitchell mitch
mohammed mohamed muhammad mohammad mo mohamad
monica mona
morgan mo
nancy nan ann anne
natalie nat talia nattie natalia
natasha tasha nat
nathan nate nat nathaniel
nathaniel nate nat nathan than nathanial
nicholas nick nicky nico nicolas klaus nickolas
nicole nikki nicky nichole
noah no
nora norah eleanor
norma norm
norman norm
oliver ollie
olivia liv livvy livia
oscar ozzie
otis ote
pablo paul
pamela pam pammy
patricia pat patty tricia trish patsy trisha patti
patrick pat paddy rick patricio
paul paulie pablo pauly
paula pauline paulie polly
pauline paula polly
pedro peter
peggy margaret peg
penelope penny nell
peter pete pedro
philip phillip phil pip felipe
phyllis phyl
priscilla cilla prissy
rachel rae rachael shelly raquel
ralph rafe
ramon ray raymond
randall randy rand randal
randolph randy dolph
raphael rafael rafe raf rafa
raymond ray ramon
rebecca becky becca reba rebekah
regina gina reggie
reginald reg reggie
ricardo rick ricky richard
richard rick dick rich richie ricky ricardo dickie
robert rob bob bobby robbie bert bobbie roberto robin
roberta bobbie robbie bobby berta
roderick rod rick rodrigo
rodney rod
roger rog rodger rogelio
roland rollie rolando
ronald ron ronnie ronny
rosa rose rosie
rosalie rose rosa rosie
rosalind rose roz lindy
rose rosie rosa rosemary roseanne
rosemary rose rosie mary romy
roxanne roxy rose
russell russ rusty russel
ruth ruthie
ruby rube
ryan ry
sabrina bree brina
salvador sal chava
salvatore sal sally
samantha sam sammy sammie mandy
samuel sam sammy sammie
sandra sandy alexandra sandi cassandra
santiago james diego
sarah sara sadie sally
scott scotty scot
sean shawn shaun john
sebastian seb bastian
sergio serge
seth set
shannon shan
sharon sherry shari
shawn sean shaun
sheila shelia
shelby shell
sherry sherri sheri sharon cheryl
shirley shirl lee
sidney sid sydney
silvia sylvia syl
simon si simeon
sophia sophie sofia sofie
spencer spence
stacy stacey anastasia
stanley stan
stephanie steph stefanie stevie estefania
stephen steve steven stevie stephan esteban
stuart stewart stu
susan sue susie suzy suzanne susanna suzanna susana
suzanne sue susan suzy
sylvester sly
sylvia silvia syl
tabitha tabby
tamara tammy tam
tara terra
taylor tay
teresa theresa terry tess tessa terri tracy reese teri therese
terrence terry terence terrance
thaddeus tad thad ted
thelma tel
theodore ted teddy theo teodoro
theresa teresa terry tess tessa terri tracy therese
thomas tom tommy thom tomas
tiffany tiff
timothy tim timmy
tobias toby tobe
tracy tracey tracie
travis trav
trevor trev
tristan tris
tyler ty
tyrone ty
valerie val
vanessa nessa van
vernon vern
veronica ronnie vera roni
vicente vince vincent
victor vic
victoria vicky vickie tori vicki
vincent vince vinny vicente vin
viola vi
violet vi
virginia ginny ginger gina
vivian viv vivien
wallace wally
walter walt wally
wanda wendy
warren ren
wayne way
wendell wendy
wesley wes
wilbert will bert
wilbur will
willard will
william will bill billy willie liam willy guillermo bil
winifred winnie fred freddie
winston win
xavier javier zave
yolanda yoli
yvonne vonnie yvette
zachary zach zack zac zachariah zackary zachery
zachariah zach zack zachary
zoe zoey
"""


def name_sets() -> pa.Table:
    """One row per (name, set): columns `name` (text, lower case) and `name_set` (smallint)."""
    names: list[str] = []
    sets: list[int] = []
    for number, line in enumerate(_SETS.split("\n")):
        words = sorted(set(line.split()))
        names += words
        sets += [number] * len(words)
    return pa.table({"name": pa.array(names, pa.string()), "name_set": pa.array(sets, pa.int16())})


def sets_of_names() -> dict[str, list[int]]:
    """The sets of each name, in order."""
    sets: dict[str, list[int]] = {}
    for row in name_sets().to_pylist():
        sets.setdefault(row["name"], []).append(row["name_set"])
    return sets

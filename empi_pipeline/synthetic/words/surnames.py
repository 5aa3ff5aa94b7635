"""Surnames by origin, the commonest first, and the parts that rarer ones are put together from.

Order and coverage follow the surname tables of the US Census 2000 and 2010 (public domain), from memory and rounded.
"""

from typing import Final

GENERAL: Final = """
smith johnson williams brown jones davis miller wilson moore taylor anderson thomas jackson white harris martin
thompson robinson clark lewis walker hall allen young king wright hill scott green adams baker nelson carter mitchell
roberts turner phillips campbell parker evans edwards collins stewart morris rogers reed cook morgan bell murphy bailey
cooper richardson cox howard ward peterson gray james watson brooks kelly sanders price bennett wood barnes ross
henderson coleman jenkins perry powell long patterson hughes washington butler simmons foster bryant alexander russell
griffin hayes myers ford hamilton graham sullivan wallace woods cole west jordan owens reynolds fisher ellis harrison
gibson mcdonald marshall murray freeman wells webb simpson stevens tucker porter hunter hicks crawford henry boyd mason
kennedy warren dixon burns gordon shaw holmes rice robertson hunt black daniels palmer mills nichols grant knight
ferguson rose stone hawkins dunn perkins hudson spencer gardner stephens payne pierce berry matthews arnold wagner
willis ray watkins olson carroll duncan snyder hart cunningham bradley lane andrews ruiz harper fox riley armstrong
carpenter weaver greene lawrence elliott sims austin peters kelley franklin lawson fields ryan schmidt carr
wheeler chapman oliver montgomery richards williamson johnston banks meyer bishop mccoy howell morrison hansen
garza harvey little burton stanley nguyen george jacobs reid kim fuller lynch dean gilbert garrett welch larson
frazier burke hanson day moreno bowman fowler brewer hoffman carlson silva pearson holland douglas fleming jensen
vargas byrd davidson hopkins may terry herrera wade soto walters curtis neal caldwell lowe jennings barnett graves
jimenez horton shelton barrett obrien castro sutton gregory mckinney lucas miles craig rodriquez chambers holt lambert
fletcher watts bates hale rhodes pena beck newman haynes mcdaniel mendez bush vaughn parks dawson santiago norris hardy
love steele curry powers schultz barker guzman page munoz ball keller chandler weber leonard walsh lyons ramsey wolfe
schneider mullins benson sharp bowen daniel barber cummings hines baldwin griffith valdez hubbard salazar reeves warner
stevenson burgess santos tate cross garner mann mack moss thornton dennis mcgee farmer delgado aguilar vega glover
manning cohen harmon rodgers robbins newton todd blair higgins ingram reese cannon strickland townsend potter goodwin
walton rowe hampton ortega patton swanson joseph francis goodman maldonado yates becker erickson hodges rios conner
adkins webster norman malone hammond flowers cobb moody quinn blake maxwell pope floyd osborne paul mccarthy guerrero
lindsey estrada sandoval gibbs tyler gross fitzgerald stokes doyle sherman saunders wise colon gill alvarado greer
padilla simon waters nunez ballard schwartz mcbride houston christensen klein pratt briggs parsons mclaughlin zimmerman
french buchanan moran copeland roy pittman brady mccormick holloway brock poole frank logan owen bass marsh drake wong
jefferson park morton abbott sparks patrick norton huff clayton massey lloyd figueroa carson bowers roberson barton
tran lamb harrington casey boone cortez clarke mathis singleton wilkins cain bryan underwood hogan mckenzie collier
luna phelps mcguire allison bridges wilkerson nash summers atkins wilcox pitts conley marquez burnett richard cochran
chase davenport hood gates clay ayala sawyer roman vazquez dickerson hodge acosta flynn espinoza nicholson monroe wolf
morrow kirk randall anthony whitaker oconnor skinner ware molina kirby huffman bradford charles gilmore dominguez oneal
bruce lang combs kramer heath hancock gallagher gaines shaffer short wiggins mathews mcclain fischer wall small melton
hensley bond dyer cameron grimes contreras christian wyatt baxter snow mosley shepherd larsen hoover beasley glenn
petersen whitehead meyers keith garrison vincent shields horn savage olsen schroeder hartman woodard mueller kemp deleon
booth patel calhoun wiley eaton cline navarro harrell lester humphrey parrish duran hutchinson hess dorsey bullock
robles beard dalton avila vance rich blackwell york johns blankenship trevino salinas campos pruitt moses callahan
golden montoya hardin guerra mcdowell carey stafford gallegos henson wilkinson booker merritt miranda atkinson orr
decker hobbs preston tanner knox pacheco stephenson glass rojas serrano marks hickman english sweeney strong prince
mcclure conway walter roth maynard farrell lowery hurst nixon weiss trujillo ellison sloan juarez winters
mclean randolph
leon boyer villarreal mccall gentry carrillo kent ayers lara shannon sexton pace hull leblanc browning velasquez leach
chang house sellers herring noble foley bartlett mercado landry durham walls barr mckee bauer rivers everett bradshaw
pugh velez rush estes dodson morse sheppard weeks camacho bean barron livingston middleton spears branch blevins chen
kerr mcconnell hatfield harding ashley solis herman frost giles blackburn william pennington woodward finley mcintosh
koch best solomon mccullough dudley nolan blanchard rivas brennan mejia kane benton joyce buckley haley valentine maddox
russo mcknight buck moon mcmillan crosby berg dotson mays roach church chan richmond meadows faulkner oneill knapp kline
barry ochoa jacobson gay avery hendricks horne shepard hebert cherry cardenas mcintyre whitney waller holman donaldson
cantu terrell morin gillespie fuentes tillman sanford bentley peck key salas rollins gamble dickson battle santana
cabrera cervantes howe hinton hurley spence zamora yang mcneil suarez case petty gould mcfarland sampson carver bray
rosario macdonald stout hester melendez dillon farley hopper galloway potts bernard joyner stein aguirre osborn mercer
bender franco rowland sykes benjamin travis pickett crane sears mayo dunlap hayden wilder mckay coffey mccarty ewing
cooley vaughan bonner cotton holder stark ferrell cantrell fulton lynn lott calderon rosa pollard hooper burch mullen
fry riddle levy david duke odonnell guy michael britt frederick daugherty berger dillard alston jarvis frye riggs chaney
odom duffy fitzpatrick valenzuela merrill mayer alford mcpherson acevedo donovan barrera albert cote reilly compton
raymond mooney mcgowan craft cleveland clemons wynn nielsen baird stanton snider rosales bright witt stuart hays holden
rutledge kinney clements castaneda slater hahn emerson conrad burks delaney pate lancaster sweet justice tyson sharpe
whitfield talley macias irwin burris ratliff mccray madden kaufman beach goff cash bolton mcfadden levine good byers
kirkland kidd workman carney dale mcleod holcomb england finch head burt hendrix sosa haney franks sargent nieves downs
rasmussen bird hewitt lindsay le foreman valencia oneil delacruz vinson dejesus hyde forbes gilliam guthrie wooten huber
barlow boyle mcmahon buckner rocha puckett langley knowles cooke velazquez whitley noel vang
"""
"""Of many origins, mostly European: what half of the country is called. Ranks are rough below the first hundred."""

BLACK: Final = """
washington jefferson booker banks jackson mosley dorsey gaines rivers joseph glover williams robinson harris coleman
bryant brooks johnson simmons jenkins brown alexander jones davis thomas walker hawkins scott green carter woods
hunter wade byrd pierre charles charlton battle gadson fluker muhammad toussaint francois baptiste jeanbaptiste okafor
okoro adeyemi mensah diallo mohamed abdi tesfaye bekele kamara sesay toure traore okonkwo eze nwosu owusu boateng
"""
"""Surnames that are commoner among Black Americans than elsewhere, and some of recent arrivals."""

HISPANIC: Final = """
garcia rodriguez martinez hernandez lopez gonzalez perez sanchez ramirez torres flores rivera gomez diaz cruz reyes
morales ortiz gutierrez chavez ramos gonzales ruiz alvarez mendoza vasquez castillo jimenez moreno romero herrera medina
aguilar garza castro vargas fernandez guzman munoz mendez salazar soto delgado pena rios alvarado sandoval contreras
valdez guerrero ortega estrada nunez maldonado vega dominguez santiago santos espinoza silva padilla marquez
cortez rojas
acosta figueroa luna juarez navarro campos molina avila ayala mejia carrillo duran leon lara serrano trujillo robles
solis deleon velasquez salinas cabrera rosales cervantes fuentes pacheco calderon gallegos montoya miranda villarreal
trevino cardenas camacho zamora suarez bautista valencia macias rocha ochoa barrera velez franco galvan rosario zuniga
escobar melendez delacruz santana meza aguirre cisneros villanueva mercado cantu orozco salas enriquez mora mercedes
tapia avalos zavala ibarra arroyo arias benitez quintero quintana lozano lugo murillo esparza rubio pineda roman bernal
beltran villa cordova felix corona gallardo nava cuevas montes colon pagan rosado nieves ponce esquivel arellano
magana huerta trejo sierra guevara amaya peralta caballero portillo aleman barajas varela ventura solano tovar
rangel bonilla zepeda saenz salgado castaneda granados davila becerra cano parra anaya escobedo vela ledesma olvera
monroy montano paredes hinojosa chacon baca sepulveda batista toledo renteria guillen ocampo carranza alfaro carmona
del_toro de_la_rosa de_la_garza de_leon de_jesus de_los_santos del_rio de_anda
"""

CHINESE: Final = """
chen wang li liu lin zhang huang yang wu chan wong lee zhao zhou chang xu ng cheng ho lam leung sun zhu lu
he hu guo gao tang feng luo ma liang cheung lau yu xie song deng tan yuan cai pan ye jiang xiao jin shen yan wei peng
fung chu chow tsai hsu kwok mak yip fong hong zheng han ding tian dong yeh lai chiu chung tam kong su shi ren fan
hsieh hou qian qiu yin cui ying ko moy chin kwan
"""

VIETNAMESE: Final = """
nguyen tran le pham huynh hoang phan vu vo dang bui do ngo ho duong ly dinh doan trinh lam truong luong dao mai cao
ha luu thai ta to chau quach tang vuong hua nghiem trieu
"""

KOREAN: Final = """
kim lee park choi jung chung kang cho yoon jang lim han shin seo oh kwon hwang ahn song yoo hong yu son bae baek nam
noh ha moon min yang ryu cha koo chun ko suh chang jeon paik
"""

INDIAN: Final = """
patel singh shah khan sharma kumar gupta reddy kaur desai mehta rao joshi jain agarwal verma iyer parikh
chaudhary malik mishra trivedi bhatt das nair pillai menon banerjee chatterjee mukherjee ghosh sen bose roy kapoor
chopra malhotra khanna bhatia arora sethi gill sandhu dhillon sidhu grewal thomas george mathew philip varghese
krishnan raman srinivasan subramanian venkatesan narayanan chowdhury ahmed hussain siddiqui qureshi ansari sheikh
amin modi gandhi pandya dave bhakta thakkar goyal bansal mittal saxena srivastava tiwari pandey dubey yadav prasad
sinha naidu gowda hegde shetty kulkarni deshpande patil pawar
"""

FILIPINO: Final = """
santos reyes cruz bautista ocampo delacruz garcia mendoza ramos aquino villanueva castillo flores mercado dizon
manalo pascual tolentino soriano valdez domingo salvador gonzales rivera aguilar torres dela_cruz magsaysay manalastas
macaraeg pangilinan dimaculangan bacani panganiban catacutan lacson sison tuazon navarro
"""

ARAB: Final = """
ali ahmed mohamed hassan khan ibrahim hussein saleh abdullah nasser haddad khoury mansour saad saleem farah najjar
hamdan awad omar osman abdi said salem younes hanna issa daoud sayed mahmoud mustafa yousef aziz karim rahman malik
bashir darwish elmasry habib jaber kassem nassar qasim rashid shaheen tahir zaki alhassan alsaadi abbas
"""

OWN_NATION: Final = """
begay yazzie benally tsosie nez begaye etsitty roanhorse lonewolf whitehorse redcloud blackbear locklear oxendine
chavis hunt jacobs tom joe billy sam james johnson smith manuelito tso nakai charley peshlakai
"""

EUROPEAN_PARTS: Final = (
    """al an ar bal bar bech ber blan bo bran bren brock bu cal car chal cor dal dan del dier dor dun ed el far fen fer
    fol gar ger gol gra grim had hal har hel hol jan jar kal kar kel kess kir kol kra lan lar lem lin lud mar mel mol
    nor ol os pal pel pol rad ran rei ros ruth sal schu sel ster tor val ver vin wal wes wil zim""",
    "a ba be bo da de di du e ga gi go i ka ke ki la le li lo ma mi mo na ne ni no o ra ri ro sa se ta te ti to va vi",
    """bach baum beck berg bert brandt bridge by chuk cott croft czak czyk dal den der dorf ell en enko er ert estad
    ette fried gren ham hart heim hoff holm house ich ier ing inski kamp ker kin kowski lander lein ler ley lin low lund
    man mann mark mayer mer more nell ner ney nick ning ovich quist rath rell ridge rick rup sen shaw ski son stad
    stein stone strom ter thal ton vic ville wall way well witz wood worth""",
)
"""Beginnings, middles and endings; a rare surname has one of each (the rarest two middles)."""

SPANISH_PARTS: Final = (
    """al ama ar ba bar be bel ber bo bus ca cal can car cas ce cha co cor cue da do du e en es fa fer fi fon ga gal ge
    gi go gua gue her i in jau la le lo lu ma mar me mi mo mon na ne no o or pa pe po pu que ra re ri ro sa san se si so
    ta te to tu u va ve vi ya za""",
    "a be ca ce co de di do ga gui la le li lla lle ma me mi na ne ni no ra re ri ro sa se ta te ti to va vi za",
    """ada ado ales ana ano anza ara ares arte astro ayo aza edo ega eja ela ella ena endez enta erra es esta eta ez ia
    ico idad iento ilar illa illo ina inez ino iza ola on ona ora osa oso otegui uela uelo una urra uz""",
)

OTHER_PARTS: Final = (
    """ab ad ag ak am an ar as at ba bad bha cha da dal dar de dha fa gan gha gu ha hi ja jha ka kal kam kar kha ko
    ku la
    ma mad man me mo mu na nag nan ni o pa pan pra pur ra raj ram ras sa san sha shri si so su ta tha u va ven vi ya za
    zu""",
    "a ba bi da de dha di ga gi ha ja ka la li ma mi mu na ni pa ra ri sa sha shi ta ti va vi wa ya",
    """ad ada ahi ai aka al ale ali am amo an anam and ani anth ar ari asa awa aya ayan dar deep dekar dran esh gar gi
        hal hani i in ingh ipour jan kar khil kunta lani mani mar meh moto nath oye pal pour putra raj raman
    rani rian shvili
    singh swamy tala uri usi var wal wala wat yan zadeh""",
)

PARTICLES: Final = "mc mac o' mc van fitz st. mc de o'".split()  # noqa: SIM905
"""Before some of the rare European names."""

"""Given names by sex and time of birth, the commonest first.

Order follows the Social Security Administration's national tables of given names by decade (public domain), from memory
and rounded; nicknames are plain knowledge, written for this purpose and not taken from the matching side, so that
matching meets some it does not know.
"""

from typing import Final

BOYS: Final = {
    1939: """
robert james john william richard charles george donald joseph edward thomas frank harold paul raymond walter jack henry
kenneth arthur albert david ralph harry eugene howard carl louis clarence earl roy fred joe francis leonard ernest
anthony stanley norman gerald herbert samuel bernard alfred melvin lawrence daniel russell leroy elmer lloyd leo
marvin ray theodore edwin martin clifford floyd alvin philip lewis michael chester leon vernon glenn victor herman
warren gordon lester bill billy jimmie cecil dale wayne willie clyde gene johnnie andrew peter alexander jerome
hubert virgil milton sidney everett otis wallace homer maurice morris orville sylvester rufus amos wilbur claude
""",
    1959: """
james robert john michael david william richard thomas mark charles steven gary joseph donald ronald kenneth paul
larry daniel stephen dennis timothy edward jeffrey george gregory kevin douglas terry anthony jerry bruce randy brian
frank scott roger raymond peter patrick keith lawrence wayne danny alan gerald ricky carl christopher dale walter craig
willie johnny arthur steve joe randall russell jack henry harold roy andrew philip ralph billy glenn stanley jimmy
rodney barry samuel eric bobby albert phillip ronnie martin mike eugene jon allen tommy leonard marvin howard fred
lee melvin curtis tony jay francis ernest leroy clifford victor vincent warren alvin leslie gordon norman earl theodore
ray dean darrell clarence don bernard kirk dwight
""",
    1979: """
michael david john james robert william christopher mark richard brian jeffrey scott steven joseph kevin thomas timothy
eric daniel anthony paul charles jason gregory kenneth matthew ronald stephen edward todd gary donald patrick george
keith douglas sean terry craig andrew raymond chad peter larry dennis jerry shawn jonathan troy aaron joshua frank
rodney bryan carl randy adam walter marc derek phillip dean jeremy roger juan joel danny wayne tony brent johnny
nathan jose gerald samuel shane darren randall vincent russell bradley alan benjamin travis carlos lawrence tracy jon
ricky brett curtis travis henry glenn ryan barry darrell roy erik joe jimmy kyle chris willie edwin jay lance marcus
corey melvin dwayne damon jesse clinton dustin antonio reginald andre
""",
    1999: """
michael christopher matthew joshua andrew david james daniel joseph john ryan robert nicholas william justin anthony
jonathan brandon tyler jacob kyle kevin eric steven thomas brian alexander zachary timothy adam richard benjamin
jeremy charles aaron jason mark jeffrey patrick nathan stephen cody jordan sean samuel travis dustin austin jose
christian jesse gregory cameron dylan ethan evan logan trevor alex paul scott kenneth derek bryan marcus ian luis
juan carlos taylor blake connor noah corey jared shane chad brett chase antonio garrett spencer peter lucas gabriel
victor devin mitchell dakota caleb hunter isaac seth mason edward george cory keith dalton tanner bradley colin grant
erik johnathan brent ronald phillip vincent colton jack shawn casey wesley julian raymond darius malik andre
""",
    2030: """
jacob michael ethan noah liam mason william james alexander daniel benjamin elijah logan lucas jackson aiden matthew
oliver joshua anthony david joseph andrew christopher samuel henry gabriel isaac owen carter dylan nathan caleb luke
ryan jayden wyatt jack john isaiah hunter landon sebastian julian levi angel connor christian jonathan gavin
brayden thomas evan aaron jose brandon eli charles tyler adrian jeremiah austin jordan robert nicholas grayson chase
lincoln colton zachary xavier kevin cameron cooper dominic carson asher parker ian hudson ezra mateo leo theodore miles
josiah ayden jace nolan easton axel kayden bentley cole max damian micah bryson diego brody ashton jaxon maverick
declan silas weston everett roman bennett waylon jameson rowan beau kai emmett jasper leonardo ryder bryce tristan
jaden blake jaylen jayce kaden kingston
""",
}
"""Last year of birth -> names of men born up to then."""

GIRLS: Final = {
    1939: """
mary betty barbara dorothy helen margaret ruth virginia shirley frances elizabeth patricia doris evelyn joan alice jean
florence mildred martha lois irene anna lillian nancy marie rose louise marjorie norma catherine josephine edna gloria
carol joyce ruby phyllis eleanor thelma lucille gladys ethel annie beverly donna marion grace pauline edith juanita
jane elsie beatrice hazel bernice june geraldine rita katherine dolores esther emma gertrude janet wanda agnes clara
bertha anne eileen lorraine emily audrey bonnie delores viola peggy marilyn julia vivian jacqueline theresa sarah sylvia
ida bessie billie arlene constance stella minnie maxine ella jeanne elaine opal nellie velma
""",
    1959: """
mary linda patricia susan deborah barbara debra karen nancy donna cynthia sandra pamela sharon kathleen carol diane
brenda cheryl janet elizabeth kathy margaret janice carolyn denise judy rebecca joyce teresa christine catherine
shirley judith betty beverly lisa dorothy theresa peggy gail connie ann gloria julie virginia jane bonnie kimberly
martha rose katherine wanda jean laura joan paula debbie vicki ruth cindy anne robin marilyn phyllis sheila ellen
rhonda maria elaine jacqueline diana rita glenda anita michelle sally jo marie tina frances darlene ronda alice sarah
sherry annie jennifer lynn maureen eileen charlotte helen evelyn yvonne joanne suzanne sylvia patsy jeanne anna terri
lori vickie lois doris regina amy becky
""",
    1979: """
jennifer lisa kimberly michelle mary susan patricia karen angela amy melissa elizabeth tammy laura julie maria linda
christine deborah stephanie cynthia barbara heather lori sandra donna pamela rebecca tina teresa denise sharon nicole
wendy kelly dawn nancy rhonda brenda tracy debra christina theresa rachel jessica andrea dana katherine stacy
michele jill kathleen sarah robin margaret cheryl catherine carrie amanda stacey tonya tracey sherry paula tara erin
monica shannon april crystal jacqueline diane carol carolyn ann anna kristin gina melanie renee tiffany danielle suzanne
sheila jamie holly veronica leslie valerie kathryn samantha regina sonya heidi kristen beth janet sara martha
vanessa natalie victoria katrina kristine tanya cassandra connie misty alicia yolanda felicia latoya
""",
    1999: """
jessica ashley emily sarah samantha amanda brittany elizabeth taylor megan stephanie kayla lauren jennifer rachel hannah
nicole amber alexis courtney victoria danielle alyssa rebecca jasmine katherine melissa alexandra brianna chelsea
michelle morgan kelsey tiffany kimberly christina madison heather shelby maria mary sara erica kathryn anna
allison vanessa natalie olivia crystal erin laura emma sydney jordan brooke haley paige kelly andrea abigail
kristen marissa jamie julia destiny shannon savannah sierra cassandra mariah gabrielle kathleen katelyn april
caitlin angela patricia kaitlyn bianca alicia cheyenne miranda jacqueline grace whitney monica veronica bailey
sabrina molly lindsey catherine kristin ariel mackenzie briana margaret holly desiree breanna meghan cynthia
autumn lindsay katie angelica lisa diana casey claire karen raven kendra
""",
    2030: """
emily madison emma olivia hannah abigail isabella sophia ava mia charlotte elizabeth amelia ashley samantha grace
evelyn harper ella alyssa natalie chloe avery sofia sarah lily victoria aubrey addison zoey alexis taylor anna
lillian brianna leah scarlett layla hailey nevaeh kayla zoe penelope aria riley savannah audrey nora
brooklyn claire skylar lucy bella stella paisley ellie maya genesis gabriella allison hazel violet aurora naomi
elena sadie arianna kennedy ruby eva madelyn serenity autumn quinn piper sydney jasmine katherine peyton
mackenzie ariana
morgan faith destiny jocelyn trinity makayla mila luna eleanor isla willow ivy emilia kinsley everly hadley delilah
lydia josephine rylee adeline reagan alexa julia gianna london valentina isabelle brielle jade eliana kaylee
molly mariah kylie mary caroline melanie maria
""",
}
"""The same of women."""

BOYS_OF: Final = {
    "black": """
malik jamal darnell tyrone terrell marquis deandre demetrius jermaine reginald cedric andre darius maurice tyrell
lamar devonte jalen xavier trayvon kareem rasheed dwayne marcus isaiah elijah antoine kwame kofi deshawn tremaine
lavon cornelius roosevelt ulysses percy moses
""",
    "hispanic": """
jose juan luis carlos jesus miguel jorge pedro manuel francisco alejandro antonio rafael ricardo fernando javier
eduardo roberto angel daniel mario diego david sergio oscar raul ramon hector ruben alberto cesar enrique arturo
gerardo salvador armando guillermo jaime alfredo victor julio marco pablo ernesto rodolfo gustavo ignacio felipe
adrian ivan santiago mateo sebastian emiliano joaquin esteban andres tomas rogelio gilberto agustin ismael lorenzo
josue jose_luis juan_carlos miguel_angel jose_antonio
""",
    "chinese": """
wei jian ming jun hao lei yong peng feng bin jie chao tao hui gang bo kevin david jason michael andrew eric jeffrey
daniel raymond henry alan wing kwok chi ho man kin xiaoming zhiwei guoqiang haoran yichen zihao
""",
    "vietnamese": """
minh hung dung tuan hai long duc khoa nam son thanh quang hoang phong anh vinh tam binh huy kevin andrew david tommy
johnny van_hung van_minh quoc trung bao loc
""",
    "korean": """
minjun jihoon seojun hyunwoo dongwook sungho jaehyun youngho joon jin minho sung hoon kyung david daniel james john
paul andrew brian kevin joseph young_ho sang_woo jae_hyun
""",
    "indian": """
raj amit rahul sanjay vijay anil sunil ravi ajay rajesh suresh ramesh mahesh deepak vikram arjun rohan nikhil anand
krishna mohan ashok prakash vivek manish rakesh harpreet gurpreet jaspreet balwinder aarav vihaan aditya sai karthik
arun venkat srinivas naveen kiran
""",
    "filipino": """
jose juan mark john_paul michael angelo christian jerome ramon rodel rogelio reynaldo ernesto danilo eduardo romeo
jayson bong ferdinand nestor wilfredo arnel
""",
    "arab": """
mohamed ahmed ali omar hassan hussein ibrahim mahmoud khalid youssef yusuf mustafa abdullah abdul hamza bilal tariq
samir karim nabil rami ziad fadi elias george tony joseph amir faisal sami walid jamal muhammad mohammed mohammad
""",
    "own nation": "james john robert michael david leroy wilson harrison herbert delbert elroy tom ned raymond alvin",
}
"""Origin -> names of men of all ages."""

GIRLS_OF: Final = {
    "black": """
latoya tanisha keisha lakisha ebony shanice aaliyah imani tamika latasha shaniqua monique yolanda kenya nia jada
destiny diamond precious tyra raven deja kiara aisha tamara felicia beulah ernestine essie mattie odessa lashonda
tameka nakia shanelle zaria amara ngozi
""",
    "hispanic": """
maria guadalupe ana rosa juana carmen martha elizabeth teresa margarita patricia gloria leticia silvia sandra claudia
veronica alejandra gabriela adriana laura isabel yolanda irma blanca norma luz esperanza josefina angelica monica
karina diana daniela valeria sofia camila ximena valentina natalia fernanda andrea esmeralda marisol araceli rocio
lorena elena cristina beatriz lucia alicia socorro dolores consuelo mercedes francisca maria_elena maria_guadalupe
ana_maria luz_maria mariana yesenia xiomara
""",
    "chinese": """
mei li xiu ying yan fang hong jing na hui lan min xia ling yun qing juan wen emily amy jenny grace michelle tiffany
vivian cindy connie jessica mei_ling siu wai yuk man xiaoyan yuting zihan
""",
    "vietnamese": """
lan huong hoa mai linh thu thuy trang nga phuong anh ngoc hanh dung yen kim tuyet bich loan van thi_lan thi_hoa
thi_mai jenny kim tiffany vivian christine
""",
    "korean": """
jiyoung minji sujin eunji hyejin yuna seoyeon jiwoo soojin mijung youngsook sunhee grace esther hannah sarah jenny eun
hye jung_sook mi_kyung young_ja kyung_hee
""",
    "indian": """
priya anita sunita neha pooja kavita meena rekha lakshmi deepa divya anjali shreya aishwarya nisha asha usha geeta
sita radha harpreet manpreet simran jasmine ananya aadhya diya kavya meera nandini padma sarita swati
""",
    "filipino": """
maria maricel jennifer marites rosalie cristina michelle angelica maryann lourdes imelda corazon remedios teresita
erlinda rowena jocelyn marivic arlene ma_theresa
""",
    "arab": """
fatima aisha mariam zainab khadija amina layla noor huda salma rania dina sara nadia hanan samira yasmin leila maryam
amal iman reem lina maya mona farah hiba sawsan
""",
    "own nation": "mary rose bessie lorraine marie elsie lucille emma darlene bernice shirley louise etta winona",
}
"""Origin -> names of women of all ages."""

RARE_BOYS: Final = tuple(
    part.split()
    for part in (
        """bra bry ca cal co da dar de dem dev dre ga ja jay jo ka ken key kha ky la le ma mar na qua ra ro
        sha ta te tre ty va za""",
        "be bi co do cho de di fo go la le li lo ma mi mo na ni no ra ri ro sho ta te ti to va vi vo",
        "n ron rick shawn von ston den rell ndre nte mar rius mari mon nn x s vin zel lan quan ell han win ck rod lo",
    )
)
"""Parts of given names that few or nobody else has."""

RARE_GIRLS: Final = tuple(
    part.split()
    for part in (
        """a aly ama ana ari bri ca cha dae de e ja jae jo ka ke kai kha la le li ma mi na ni ra ri sa sha
        ta ti ty va ya za""",
        "be bi ce cha de di do ki la le li lo me mi mo na ni nay ra ri ro sha ta te ti to ve vi ya",
        "na lyn sha ya ra lle nda la nne ssa nique ria ta tte h ndra lee isha ni cia lia mae ka niyah belle rose",
    )
)

NICKNAMES: Final = """
robert bob rob bobby robbie bert
william bill will billy willie liam
richard rick dick rich ricky
james jim jimmy jamie
john jack johnny jon
michael mike mick mickey
joseph joe joey
thomas tom tommy
charles chuck charlie chas
edward ed eddie ted ned
daniel dan danny
david dave davey
donald don donny
kenneth ken kenny
ronald ron ronnie
anthony tony
matthew matt
christopher chris topher kit
andrew andy drew
joshua josh
nicholas nick nicky
jonathan jon nathan
benjamin ben benny
samuel sam sammy
alexander alex al sasha xander
timothy tim timmy
steven steve
stephen steve
gregory greg
jeffrey jeff
patrick pat paddy rick
lawrence larry
gerald gerry jerry
raymond ray
walter walt wally
frederick fred freddy
eugene gene
leonard len lenny leo
albert al bert
alfred al fred
arthur art
harold hal harry
henry hank harry
francis frank
theodore ted teddy theo
vincent vince vinny
phillip phil
philip phil
zachary zach zack
nathaniel nate nathan
peter pete
russell russ
douglas doug
stanley stan
norman norm
ernest ernie
clifford cliff
melvin mel
bernard bernie
martin marty
curtis curt
rodney rod
randall randy
bradley brad
mitchell mitch
cameron cam
gabriel gabe
isaac ike
jacob jake
elizabeth liz beth betty eliza lizzie betsy libby
margaret peggy maggie meg marge greta
patricia pat patty trish tricia
jennifer jen jenny
kimberly kim
katherine kate kathy katie kat kitty
catherine cathy kate cat
kathleen kathy katie
deborah deb debbie
rebecca becky becca
barbara barb barbie babs
susan sue susie
christina chris tina chrissy
christine chris chrissy tina
jessica jess jessie
samantha sam sammie
stephanie steph
amanda mandy
victoria vicky tori
virginia ginny
dorothy dot dottie dolly
judith judy
theresa terry tess
teresa terry tess
jacqueline jackie
sandra sandy
cynthia cindy
pamela pam
nancy nan
abigail abby gail
alexandra alex lexi sandra
allison allie
angela angie
caroline carrie
eleanor ellie nell nora
florence flo
frances fran frankie
gabriella gabby ella
isabella izzy bella
jasmine jazz
josephine josie jo
madison maddie
mildred millie
natalie nat
penelope penny
suzanne sue suzy
veronica ronnie vera
martha marty patsy
mary molly polly mae
lillian lily lil
evelyn evie
francisco paco pancho frank
jose pepe joe
guadalupe lupe
jesus chuy
manuel manny
eduardo eddie lalo
roberto beto bobby
antonio tony tono
ignacio nacho
rosario chayo
alejandro alex
enrique kike rick
guillermo memo
consuelo chelo
mercedes meche
dolores lola
rafael rafa
gabriela gaby
mohamed mo
muhammad mo
mohammed mo
minh michael
harpreet harry
"""
"""A name, then what those who have it are called."""
